messages = Nachrichten
answer-needed = Wir benötigen eine Antwort von Ihnen, bevor wir fortfahren können.
sender-you = Sie
sender-team = Unser Team
answer = Ihre Nachricht
send-answer = Nachricht senden
slot-unavailable = nicht mehr verfügbar
part-all_day = Jederzeit
part-morning = Vormittag
part-afternoon = Nachmittag
answer-files = Fotos oder Dokumente
answer-files-help = Bis zu 5 Dateien: JPEG, PNG, WebP oder PDF, je höchstens 10 MB.
visit-delayed = { $minutes ->
    [one] Wir verspäten uns voraussichtlich um etwa eine Minute.
   *[other] Wir verspäten uns voraussichtlich um etwa { $minutes } Minuten.
 }
story-visit = Einsatz
slots-none = Keiner dieser Termine passt mir
slots-proposal = Ihr Vorschlag
slots-proposal-help = Welche Tage und Zeiten passen Ihnen? Wir melden uns mit neuen Terminvorschlägen.
slots-decline = Vorschlag senden
story-report = Bericht
story-progress = Fortschritt
story-position = Schritt { $number } von { $count }
slots-legend = Terminvorschläge
slots-confirm = Termin bestätigen
step-passed = {", erledigt"}
step-current = {", aktueller Schritt"}
step-ahead = {", steht noch aus"}
