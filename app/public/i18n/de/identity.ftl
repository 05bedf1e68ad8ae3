# Die Einrichtungsseite einer neuen Installation.
setup-title = Organisation anlegen
setup-text = Diese Installation von Ordinavo ist bereit. Benennen Sie Ihre Organisation und legen Sie das erste Administratorkonto an; damit laden Sie danach die anderen ein. Diese Seite lässt sich nur einmal verwenden.
setup-organization = Organisation
setup-organization-name = Name
setup-short-name = Name in Adressen
setup-short-name-help = Kleinbuchstaben, Ziffern und Bindestriche, etwa nordwind-service. Er ist Teil der Portal-Adresse. Bleibt das Feld leer, wird er aus dem Namen gebildet.
setup-language = Sprache
setup-zone = Zeitzone
setup-administrator = Erstes Administratorkonto
setup-name = Ihr Name
setup-email = Ihre E-Mail-Adresse
setup-password = Passwort
setup-password-help = Mindestens 12 Zeichen. Mehrere Wörter lassen sich leicht merken.
setup-submit = Organisation anlegen
