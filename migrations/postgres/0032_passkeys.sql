-- Passkeys of accounts (WebAuthn). `credential` is the public key with its properties; the private key never leaves the device
-- or the password manager of its owner. A challenge that was created before `last_used_at` is not accepted any more.
CREATE TABLE staff_passkey (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    credential_id BYTEA NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    credential JSONB NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX staff_passkey_by_account ON staff_passkey (tenant_id, account_id);
CREATE TABLE portal_passkey (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    credential_id BYTEA NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    credential JSONB NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES portal_account (tenant_id, id)
);
CREATE INDEX portal_passkey_by_account ON portal_passkey (tenant_id, account_id);
CREATE TABLE partner_passkey (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    credential_id BYTEA NOT NULL UNIQUE CHECK (length(credential_id) BETWEEN 1 AND 1023),
    credential JSONB NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    created_at TIMESTAMPTZ NOT NULL,
    last_used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES partner_account (tenant_id, id)
);
CREATE INDEX partner_passkey_by_account ON partner_passkey (tenant_id, account_id);

SELECT protect_tenant_rows('staff_passkey');
SELECT protect_tenant_rows('portal_passkey');
SELECT protect_tenant_rows('partner_passkey');
