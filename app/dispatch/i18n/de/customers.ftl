customers-title = Kunden
customers-empty-text = Einen Teil des Namens oder die Kundennummer eingeben.
open-jobs = Offene Aufträge
archived = Archiviert
contacts = Kontakte
portal-access = Portalzugang
references = Externe Referenzen
recent-jobs = Aufträge
