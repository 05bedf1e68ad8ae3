-- Branding and terminology of a tenant's portal. `words` override built-in labels; `revision` detects concurrent edits.
-- `version` is part of the URLs of style sheet and logo and changes with them, so that browsers may cache both forever.
CREATE TABLE portal_branding (
    tenant_id UUID NOT NULL PRIMARY KEY REFERENCES tenant (id),
    words JSONB NOT NULL,
    revision BIGINT NOT NULL,
    colour TEXT,
    logo BYTEA,
    version TEXT NOT NULL UNIQUE,
    updated_at TIMESTAMPTZ NOT NULL
);

SELECT protect_tenant_rows('portal_branding');
