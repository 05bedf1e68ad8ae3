-- Public forms. `settings` are fields, texts and hosts that may embed the form. The slug is unique across all tenants,
-- because the URL of a form names no tenant.
CREATE TABLE intake_form (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings JSONB NOT NULL,
    closed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (slug)
);
CREATE INDEX intake_form_by_name ON intake_form (tenant_id, name, id);

-- A device on site, bound to one location and one form. It is paired once by a code (`pairing_hash`; `pairing_code` is the
-- encrypted code that administrators see) and then has a device token, stored as SHA-256.
CREATE TABLE terminal (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    location_id UUID NOT NULL,
    form_id UUID NOT NULL,
    pairing_hash BYTEA,
    pairing_code BYTEA,
    pairing_expires_at TIMESTAMPTZ,
    device_hash BYTEA,
    paired_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (pairing_hash),
    UNIQUE (device_hash),
    FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id)
);
CREATE INDEX terminal_by_name ON terminal (tenant_id, name, id);

SELECT protect_tenant_rows('intake_form');
SELECT protect_tenant_rows('terminal');
