-- The address that a link confirms; null for a link that sets a password.
ALTER TABLE password_link ADD COLUMN new_email TEXT;
