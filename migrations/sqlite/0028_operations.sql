-- The key of each entry's hash. Entries of earlier versions have none; anybody can compute their hash.
ALTER TABLE audit_entry ADD COLUMN key_id INTEGER CHECK (key_id >= 1);

-- Audit keys of replaced master keys, sealed under the present one, so that older entries can still be verified.
CREATE TABLE audit_key (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id >= 1),
    sealed BLOB NOT NULL,
    replaced_at TEXT NOT NULL
) STRICT;

-- Signed states of the audit log. The copies that operators keep elsewhere prove more than these rows.
CREATE TABLE audit_checkpoint (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    key_id INTEGER NOT NULL CHECK (key_id >= 1),
    signature BLOB NOT NULL,
    PRIMARY KEY (tenant_id, created_at)
) STRICT;

-- Where the keyed parts of the chains of an earlier version begin, sealed.
ALTER TABLE installation ADD COLUMN sealed_chain_starts BLOB;

-- When an administrator decided to send an email that was held because it was old.
ALTER TABLE mail ADD COLUMN released_at TEXT;
