sign-out = Abmelden
password = Passwort
sign-in = Anmelden
