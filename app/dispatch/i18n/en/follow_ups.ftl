follow-up-text = Create a separate job for the remaining work, for the same customer and location.
follow-up-create-job = Create job
follow-up-dismiss = Mark as not required…
follow-up-dismiss-text = The customer no longer sees this follow-up as open.
done-follow-up-job-created = Job created. You can now schedule an appointment.
