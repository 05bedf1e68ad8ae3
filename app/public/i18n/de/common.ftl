description = Was ist das Problem, oder was soll erledigt werden?
location = Standort
preferred-dates = Wunschtermine
files = Fotos oder Dokumente
name = Name
busy = Der Dienst ist gerade ausgelastet. Warten Sie { $seconds } Sekunden und senden Sie das Formular dann noch einmal ab.
