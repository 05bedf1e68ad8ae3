imports-empty = No imports yet
imports-empty-text = Imports that partners send through the API appear here, with the mapping rule applied to each item.
warnings = Warnings
errors = Errors
mapping-decision = Mapping decision
found-location = Location found by external ID:
found-contact = Contact found by external ID:
upload-title = Spreadsheet import
upload-intro = Import a spreadsheet with one job per line. A dry run shows old and new values first. Nothing is saved until you start the import.
upload-file = File
upload-file-help = CSV, .xlsx or .ods with a header line, up to 500 jobs and 2 MB. From a workbook, only the first sheet with content is read.
upload-client = Import as client
upload-client-help = The client determines the source system and what can be linked or created.
upload-map-columns = Map columns
upload-columns = Column mapping
upload-ignore = Ignore column
upload-example = Sample values
upload-counts = { $lines ->
    [one] 1 line
   *[other] { $lines } lines
 }, { $jobs ->
    [one] 1 job
   *[other] { $jobs } jobs
 }
upload-sheet = { $others ->
    [0] Sheet: { $name }
    [one] Sheet: { $name }. 1 other sheet with content is not read.
   *[other] Sheet: { $name }. { $others } other sheets with content are not read.
 }
upload-encoding = Character encoding
upload-encoding-certain = Character encoding: { $encoding }
upload-encoding-apply = Use encoding
upload-encoding-help = The file does not name its encoding. Check that the sample values below are spelled correctly, or choose another encoding.
upload-shifted = These lines have more cells than columns and will not be imported: { $lines }
field-timeWindow_date = Time window: day
item-line = Line
change-proposed = Proposal
change-rename = New name
changed-name = Name
changed-displayName = Name
changed-email = Email
changed-phone = Phone
changed-street = Street
changed-postalCode = Postal code
changed-city = City
changed-country = Country
changed-coordinates = Coordinates
changed-timeWindow = Requested window
changed-durationMinutes = Duration (minutes)
changed-serviceType = Service type
changed-requiredSkills = Required skills
changed-address = Address
changed-status = Status
changed-priority = Priority
changed-notes = Notes
changed-attributes = Attributes
changed-customer = Customer
changed-location = Location
upload-dry-run = Start dry run
upload-import = Import jobs
upload-import-text = Jobs are created and updated as with an API import. Partners receive the events.
field-externalId = Job: external ID
field-serviceType = Service type
field-priority = Priority (low, normal, high, urgent)
field-durationMinutes = Duration (minutes)
field-action = Action (upsert, cancel)
field-sourceUpdatedAt = Last updated in the source system
field-timeWindow_start = Time window: start
field-timeWindow_end = Time window: end
field-timeWindow_zone = Time window: time zone
field-requiredSkills = Required skills
field-coordinates_lat = Latitude
field-coordinates_lon = Longitude
field-notes = Notes
field-location_street = Location: street
field-location_postalCode = Location: postal code
field-location_country = Location: country code
field-contact_email = Contact: email
field-contact_phone = Contact: phone
job-running = This import is still in progress.
job-refresh = Refresh
job-original = Original import
job-original-view = View import
items-empty = No items
items-empty-text = No items in this import match the filter.
found-by-reference = Found by external ID:
found-by-number = Found by customer number:
item-note = { $field }: { $note }
field-timeWindow = Time window
