customer-report-revision = Version { $number }
customer-report-replaced = Dieser Bericht ersetzt eine frühere Version.
customer-report-published = Veröffentlicht am
customer-report-files = Dateien
customer-report-message = Nachricht an Sie
customer-report-follow-up = Folgearbeit
customer-report-photos = Fotos
