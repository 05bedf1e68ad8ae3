mails-no-server = Es ist kein Mailserver konfiguriert, daher werden keine E-Mails gesendet. Der Betreiber richtet ihn mit ORDINAVO_SMTP_URL ein.
mails-empty = Noch keine E-Mails
mails-empty-text = Anfragende Personen erhalten eine E-Mail, wenn sich ihre Anfrage ändert.
mail-subject = Betreff
mail-recipient = Empfänger
mail-sent = Gesendet
mail-attempts = Versuche
mail-status-waiting = In Warteschlange
mail-status-sent = Gesendet
mail-status-failed = Fehlgeschlagen
mail-status-cancelled = Abgebrochen
mail-status-refused = Abbestellt
mails-held = Zurückgehaltene E-Mails: { $count }, die älteste seit { $time }. E-Mails werden zurückgehalten, wenn sie länger als einen Tag fällig waren, bevor sie gesendet werden konnten, oder wenn ein Portalbenutzer an einem Tag viele Personen einlädt.
mails-held-send = Zurückgehaltene E-Mails senden
mails-held-drop = Zurückgehaltene E-Mails verwerfen
mails-held-drop-consequence = { $count ->
    [one] Die E-Mail wird nicht gesendet, und es geht kein Ersatz hinaus.
   *[other] { $count } E-Mails werden nicht gesendet, und es geht kein Ersatz hinaus.
}
mail-status-held = Zurückgehalten
done-mails-released = Die E-Mails sind zum Senden eingereiht.
done-mails-dropped = Die E-Mails sind verworfen.
reach-email = { $address } wird per E-Mail benachrichtigt.
reach-muted = { $address } hat E-Mails zu diesem Thema abbestellt.
reach-no-server = An { $address } wird keine E-Mail gesendet, da kein Mailserver konfiguriert ist.
reach-no-address = Es wird keine E-Mail gesendet, da keine E-Mail-Adresse bekannt ist.
reach-portal = { $name } kann es im Portal lesen.
reach-tracking = Die anfragende Person kann es auf der Statusseite lesen.
reach-call = Den Kunden anrufen, da er sonst nichts davon erfährt.
reach-webhook = Das Quellsystem { $source } wird per Webhook benachrichtigt.
reach-no-webhook = Das Quellsystem { $source } wird nicht benachrichtigt, da es keinen aktiven Webhook-Endpunkt hat.
reach-failed = Die E-Mail an { $address } vom { $moment } konnte nicht zugestellt werden.
