timeline-title = Verlauf
no-timeline = Noch keine Aktivitäten
no-timeline-text = Ihre Anfragen, Termine und Berichte erscheinen hier nach Datum.
timeline-intro = Alles zu Ihren Anfragen, Terminen und Berichten, das Neueste zuerst.
