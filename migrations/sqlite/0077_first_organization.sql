-- When the first organization was created with the address that the server prints; the address is void from then on.
ALTER TABLE installation ADD COLUMN first_organization_at TEXT;
