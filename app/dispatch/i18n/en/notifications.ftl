mails-no-server = No mail server is configured, so emails are not sent. The operator configures one with ORDINAVO_SMTP_URL.
mails-empty = No emails yet
mails-empty-text = Requesters receive an email when their request changes.
mail-subject = Subject
mail-recipient = Recipient
mail-sent = Sent
mail-attempts = Attempts
mail-status-waiting = Queued
mail-status-sent = Sent
mail-status-failed = Failed
mail-status-cancelled = Cancelled
mail-status-refused = Unsubscribed
mails-held = Emails on hold: { $count }, the oldest since { $time }. Emails are put on hold if they were due for more than a day before they could be sent, or if a portal user invites many people in a day.
mails-held-send = Send emails on hold
mails-held-drop = Discard emails on hold
mails-held-drop-consequence = { $count ->
    [one] The email is not sent, and nothing is sent in its place.
   *[other] { $count } emails are not sent, and nothing is sent in their place.
}
mail-status-held = On hold
done-mails-released = The emails are queued for sending.
done-mails-dropped = The emails are discarded.
reach-email = { $address } is notified by email.
reach-muted = { $address } has turned off emails about this.
reach-no-server = No email is sent to { $address }, because no mail server is configured.
reach-no-address = No email is sent, because no email address is known.
reach-portal = { $name } can read it in the portal.
reach-tracking = The requester can read it on the tracking page.
reach-call = Call the customer: they will not learn about this otherwise.
reach-webhook = The source system { $source } is notified by webhook.
reach-no-webhook = The source system { $source } is not notified, because it has no active webhook endpoint.
reach-failed = The email to { $address } on { $moment } could not be delivered.
