sign-out = Abmelden
password = Passwort
sign-in = Anmelden
choose-organization = Organisation auswählen
choose-organization-text = Zu dieser E-Mail-Adresse gibt es Konten in mehreren Organisationen.
