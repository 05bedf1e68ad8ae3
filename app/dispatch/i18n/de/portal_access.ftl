access-title = Portalzugang: { $customer }
access-intro = Wer im Kundenportal was sieht, wer die Berechtigung erteilt hat und warum. Widerrufene Berechtigungen enden sofort.
access-link = Die Einladung wird per E-Mail gesendet. Um sie selbst zu übergeben, diesen Link jetzt kopieren. Er wird nur einmal angezeigt:
access-empty = Noch keine Portalbenutzer
access-empty-text = Unten kann der erste Portalbenutzer eingeladen werden.
access-other-customer = Kontakt eines anderen Kunden, der auch hier Zugang hat.
access-no-grants = Kein Zugang zu diesem Kunden.
access-invited-until = Einladung gültig bis { $day }
access-last = letzte Anmeldung { $moment }
access-never = noch nie angemeldet
access-resend-invitation = Einladung erneut senden
access-revoke-invitation = Einladung widerrufen
access-block = Konto sperren
access-unblock = Konto entsperren
access-all-locations = Alle Standorte
access-valid-until = bis { $moment }
access-granted-by = erteilt von { $name }
access-granted-by-operator = erteilt vom Betreiber
access-revoke = Berechtigung widerrufen …
access-revoke-consequence = Die Berechtigung endet sofort, auch auf bereits geöffneten Seiten.
access-revoke-now = Berechtigung widerrufen
access-invite-title = Zugang erteilen
access-invite-text = Personen ohne Portalzugang erhalten eine Einladung. Eine bestehende Berechtigung für denselben Standort wird ersetzt.
access-contact = Kontakt
access-contact-help = Oder leer lassen und die Person unten angeben.
access-name = Name
access-email = E-Mail
access-email-help = Ohne Angabe wird die E-Mail-Adresse des Kontakts verwendet.
access-invite = Zugang erteilen
done-access-invited = Einladung erstellt.
done-access-granted = Zugang erteilt.
done-invitation-revoked = Einladung widerrufen.
done-account-blocked = Konto gesperrt und abgemeldet.
done-account-unblocked = Konto entsperrt.
done-grant-revoked = Berechtigung widerrufen.
review-empty = Nichts zu prüfen
review-empty-text = Kein Zugang endet bald oder ist ungenutzt.
review-reason = Grund
review-unused = Ungenutzt
review-lost-granter = Von einer Person erteilt, die keine Zugänge mehr verwaltet
access-view-as = Ansicht als dieser Benutzer
visible-to = Sichtbar für: { $count ->
    [0] niemanden
    [one] 1 Person
   *[other] { $count } Personen
 }
visible-to-none = Keine Portalbenutzer.
visible-files = Download freigegebener Dateien möglich für
access-two-factor-off = Zwei-Faktor-Authentifizierung deaktivieren …
access-two-factor-off-consequence = Die Anmeldung ist danach wieder ohne Code möglich; eine E-Mail an den Benutzer weist darauf hin. Vorher prüfen, ob der Benutzer dies wirklich selbst gewünscht hat.
access-two-factor-off-now = 2FA deaktivieren
access-two-factor-enabled = 2FA aktiviert
done-access-two-factor-off = Zwei-Faktor-Authentifizierung deaktiviert.
access-offered = angeboten, noch nicht angenommen
invitations-expired = { $count ->
    [one] 1 Einladung ins Portal ist abgelaufen
   *[other] { $count } Einladungen ins Portal sind abgelaufen
 }
invitation-expired-on = abgelaufen am { $day }
access-link-no-server = Es ist kein Mailserver konfiguriert, daher wurde nichts gesendet. Diesen Link jetzt kopieren und übergeben. Er wird nur einmal angezeigt:
access-empty-no-permission = Manager und Administratoren können Portalbenutzer einladen.
