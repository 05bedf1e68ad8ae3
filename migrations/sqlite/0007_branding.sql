-- Branding and terminology of a tenant's portal. `words` override built-in labels; `revision` detects concurrent edits.
-- `version` is part of the URLs of style sheet and logo and changes with them, so that browsers may cache both forever.
CREATE TABLE portal_branding (
    tenant_id BLOB NOT NULL PRIMARY KEY REFERENCES tenant (id),
    words TEXT NOT NULL,
    revision INTEGER NOT NULL,
    colour TEXT,
    logo BLOB,
    version TEXT NOT NULL UNIQUE,
    updated_at TEXT NOT NULL
) STRICT;
