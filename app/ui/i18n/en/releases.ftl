customer-report-revision = Version { $number }
customer-report-replaced = This report replaces an earlier version.
customer-report-published = Published on
customer-report-files = Files
customer-report-message = Message to you
customer-report-follow-up = Follow-up
customer-report-photos = Photos
