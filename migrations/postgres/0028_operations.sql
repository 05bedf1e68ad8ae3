-- The key of each entry's hash. Entries of earlier versions have none; anybody can compute their hash.
ALTER TABLE audit_entry ADD COLUMN key_id BIGINT CHECK (key_id >= 1);

-- Audit keys of replaced master keys, sealed under the present one, so that older entries can still be verified.
CREATE TABLE audit_key (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id >= 1),
    sealed BYTEA NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL
);

-- Signed states of the audit log. The copies that operators keep elsewhere prove more than these rows.
CREATE TABLE audit_checkpoint (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    sequence BIGINT NOT NULL CHECK (sequence >= 1),
    hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    key_id BIGINT NOT NULL CHECK (key_id >= 1),
    signature BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, created_at)
);
SELECT protect_tenant_rows('audit_checkpoint');

-- Where the keyed parts of the chains of an earlier version begin, sealed.
ALTER TABLE installation ADD COLUMN sealed_chain_starts BYTEA;

-- When an administrator decided to send an email that was held because it was old.
ALTER TABLE mail ADD COLUMN released_at TIMESTAMPTZ;
