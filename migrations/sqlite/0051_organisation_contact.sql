-- How customers reach the organization: shown on portal and tracking pages and in emails.
ALTER TABLE portal_branding ADD COLUMN organisation_phone TEXT;
ALTER TABLE portal_branding ADD COLUMN organisation_email TEXT;
ALTER TABLE portal_branding ADD COLUMN organisation_hours TEXT;
