description = What is the problem, or what needs to be done?
location = Location
preferred-dates = Preferred dates
files = Photos or documents
name = Name
busy = The service is busy. Wait { $seconds } seconds, then send the form again.
