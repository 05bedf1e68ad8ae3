release-published = Veröffentlicht
release-replaced = Ersetzt
release-withdrawn = Zurückgezogen
