release-published = Freigegeben
release-replaced = Ersetzt
release-withdrawn = Zurückgezogen
