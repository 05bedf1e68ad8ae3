job-kind = Art
job-counts = Einträge
job-dry-run = Testlauf
job-from-file = Datei
job-mode-single = Einzeln
job-mode-partial = Stapel
job-mode-atomic = Alles oder nichts
job-accepted = In Warteschlange
job-processing = In Verarbeitung
job-completed = Abgeschlossen
job-failed = Fehlgeschlagen
job-cancelled = Abgebrochen
item-pending = Ausstehend
item-cancelled = Abgebrochen
item-completed = Abgeschlossen
item-failed = Fehlgeschlagen
job-warned = { $count ->
    [one] { $count } mit Warnungen
   *[other] { $count } mit Warnungen
}
import-status = Status
import-codes = Warnungen und Fehler
import-all = Alle
import-filter = Filtern
request-log-time = Zeitpunkt
request-log-client = Client
request-log-request = Aufruf
request-log-answer = Antwort
request-log-duration = Dauer
request-log-test = Test
