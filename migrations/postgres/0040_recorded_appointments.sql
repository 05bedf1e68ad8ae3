-- Why an appointment was entered only after it had ended; NULL for all others. Staff read it, customers do not.
ALTER TABLE appointment ADD COLUMN recorded_reason TEXT;
