customers-title = Customers
customers-empty-text = Try part of the name or the customer number.
open-jobs = Open jobs
archived = Archived
contacts = Contacts
portal-access = Portal access
references = External references
recent-jobs = Jobs
