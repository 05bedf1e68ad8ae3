imports-empty = Noch keine Importvorgänge
imports-empty-text = Hier erscheinen Importe, die Partner über die API senden, mit der angewendeten Zuordnungsregel je Eintrag.
warnings = Warnungen
errors = Fehler
mapping-decision = Zuordnungsentscheidung
found-location = Standort über externe ID gefunden:
found-contact = Kontakt über externe ID gefunden:
upload-title = Tabelle importieren
upload-intro = Eine Tabelle mit einem Auftrag pro Zeile importieren. Ein Testlauf zeigt zuerst alte und neue Werte. Erst mit dem Import wird etwas gespeichert.
upload-file = Datei
upload-file-help = CSV, .xlsx oder .ods mit Kopfzeile, bis zu 500 Aufträge und 2 MB. Aus einer Arbeitsmappe wird nur das erste Blatt mit Inhalt gelesen.
upload-client = Importieren als Client
upload-client-help = Der Client bestimmt das Quellsystem und was verknüpft oder angelegt werden darf.
upload-map-columns = Spalten zuordnen
upload-columns = Spaltenzuordnung
upload-ignore = Spalte ignorieren
upload-example = Beispielwerte
upload-counts = { $lines ->
    [one] 1 Zeile
   *[other] { $lines } Zeilen
 }, { $jobs ->
    [one] 1 Auftrag
   *[other] { $jobs } Aufträge
 }
upload-sheet = { $others ->
    [0] Tabellenblatt: { $name }
    [one] Tabellenblatt: { $name }. Ein weiteres Blatt mit Inhalt wird nicht gelesen.
   *[other] Tabellenblatt: { $name }. { $others } weitere Blätter mit Inhalt werden nicht gelesen.
 }
upload-encoding = Zeichenkodierung
upload-encoding-certain = Zeichenkodierung: { $encoding }
upload-encoding-apply = Kodierung verwenden
upload-encoding-help = Die Datei nennt ihre Kodierung nicht. Prüfen, ob die Beispielwerte unten richtig geschrieben sind, oder eine andere Kodierung wählen.
upload-shifted = Diese Zeilen haben mehr Zellen als Spalten und werden nicht importiert: { $lines }
field-timeWindow_date = Zeitfenster: Tag
item-line = Zeile
change-proposed = Vorschlag
change-rename = Neuer Name
changed-name = Name
changed-displayName = Name
changed-email = E-Mail
changed-phone = Telefon
changed-street = Straße
changed-postalCode = Postleitzahl
changed-city = Ort
changed-country = Land
changed-coordinates = Koordinaten
changed-timeWindow = Wunschzeitfenster
changed-durationMinutes = Dauer (Minuten)
changed-serviceType = Leistungsart
changed-requiredSkills = Erforderliche Qualifikationen
changed-address = Adresse
changed-status = Status
changed-priority = Priorität
changed-notes = Notizen
changed-attributes = Attribute
changed-customer = Kunde
changed-location = Standort
upload-dry-run = Testlauf starten
upload-import = Aufträge importieren
upload-import-text = Aufträge werden wie bei einem API-Import angelegt und aktualisiert. Partner erhalten die Ereignisse.
field-externalId = Auftrag: externe ID
field-serviceType = Leistungsart
field-priority = Priorität (low, normal, high, urgent)
field-durationMinutes = Dauer (Minuten)
field-action = Aktion (upsert, cancel)
field-sourceUpdatedAt = Zuletzt im Quellsystem geändert
field-timeWindow_start = Zeitfenster: Beginn
field-timeWindow_end = Zeitfenster: Ende
field-timeWindow_zone = Zeitfenster: Zeitzone
field-requiredSkills = Erforderliche Qualifikationen
field-coordinates_lat = Breitengrad
field-coordinates_lon = Längengrad
field-notes = Notizen
field-location_street = Standort: Straße
field-location_postalCode = Standort: Postleitzahl
field-location_country = Standort: Ländercode
field-contact_email = Kontakt: E-Mail
field-contact_phone = Kontakt: Telefon
job-running = Dieser Importvorgang läuft noch.
job-refresh = Aktualisieren
job-original = Ursprünglicher Importvorgang
job-original-view = Importvorgang ansehen
items-empty = Keine Einträge
items-empty-text = Keine Einträge in diesem Importvorgang entsprechen dem Filter.
found-by-reference = Über externe ID gefunden:
found-by-number = Über Kundennummer gefunden:
item-note = { $field }: { $note }
field-timeWindow = Zeitfenster
