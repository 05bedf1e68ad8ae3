-- When the requester asked for another time for the appointment; NULL once dispatch has answered or rescheduled.
ALTER TABLE request ADD COLUMN reschedule_requested_at TIMESTAMPTZ;
