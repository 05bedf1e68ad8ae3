-- How a tenant's portal looks and speaks. `words` are its own words on top of the built-in dictionary; `revision` counts
-- their changes, so that two people cannot overwrite each other. `version` stands in the addresses of style sheet and logo
-- and is a new one with every change of them, so that browsers may keep both for ever.
CREATE TABLE portal_look (
    tenant_id BLOB NOT NULL PRIMARY KEY REFERENCES tenant (id),
    words TEXT NOT NULL,
    revision INTEGER NOT NULL,
    colour TEXT,
    logo BLOB,
    version TEXT NOT NULL UNIQUE,
    updated_at TEXT NOT NULL
) STRICT;
