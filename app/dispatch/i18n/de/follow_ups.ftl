follow-up-text = Für die restlichen Arbeiten einen eigenen Auftrag anlegen, für denselben Kunden und Standort.
follow-up-create-job = Auftrag anlegen
follow-up-dismiss = Als nicht erforderlich markieren …
follow-up-dismiss-text = Der Kunde sieht diese Folgearbeit nicht mehr als offen.
done-follow-up-job-created = Auftrag angelegt. Jetzt kann ein Termin geplant werden.
