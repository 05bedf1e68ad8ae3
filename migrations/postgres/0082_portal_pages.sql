-- The number to call in danger, and the organization's own pages that the portal links to.
ALTER TABLE portal_branding ADD COLUMN organisation_emergency TEXT;
ALTER TABLE portal_branding ADD COLUMN organisation_privacy TEXT;
ALTER TABLE portal_branding ADD COLUMN organisation_imprint TEXT;
