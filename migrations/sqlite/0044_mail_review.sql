-- Whether an administrator decides about the email before it is sent, such as the invitations of one person to many addresses.
ALTER TABLE mail ADD COLUMN needs_review INTEGER NOT NULL DEFAULT 0 CHECK (needs_review IN (0, 1));
