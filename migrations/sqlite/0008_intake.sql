-- Public forms. `settings` are fields, texts and hosts that may embed the form. The slug is unique across all tenants,
-- because the URL of a form names no tenant.
CREATE TABLE intake_form (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    closed_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (slug)
) STRICT;
CREATE INDEX intake_form_by_name ON intake_form (tenant_id, name, id);

-- A device on site, bound to one location and one form. It is paired once by a code (`pairing_hash`; `pairing_code` is the
-- encrypted code that administrators see) and then has a device token, stored as SHA-256.
CREATE TABLE terminal (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    location_id BLOB NOT NULL,
    form_id BLOB NOT NULL,
    pairing_hash BLOB,
    pairing_code BLOB,
    pairing_expires_at TEXT,
    device_hash BLOB,
    paired_at TEXT,
    last_seen_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (pairing_hash),
    UNIQUE (device_hash),
    FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id)
) STRICT;
CREATE INDEX terminal_by_name ON terminal (tenant_id, name, id);
