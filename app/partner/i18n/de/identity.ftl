console = Partnerkonsole
sign-in-title = An der Partnerkonsole anmelden
sign-in-text = Sehen Sie die Ergebnisse der Importvorgänge Ihres Systems ein. Zum Anmelden benötigen Sie eine Einladung.
invitation-title = Zugang einrichten
invitation-text = { $name }, legen Sie ein Passwort fest, um die Importvorgänge dieses Quellsystems einzusehen:
invitation-accept = Passwort festlegen
password-help = Mindestens 12 Zeichen.
done-invitation = Ihr Passwort wurde festgelegt. Sie können sich jetzt anmelden.
