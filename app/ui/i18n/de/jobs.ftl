target-open = Offen
target-scheduled = Geplant
target-dispatched = Übermittelt
target-en_route = Unterwegs
target-on_site = Vor Ort
target-completed = Abgeschlossen
target-not_completed = Nicht abgeschlossen
target-cancelled = Storniert
