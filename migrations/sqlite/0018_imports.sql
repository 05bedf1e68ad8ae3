-- `settings` are the scopes, feature gates and source settings at the time of acceptance. `retried_from` is the job whose
-- failed or skipped items this one repeats.
CREATE TABLE import_job (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'processing', 'completed', 'failed', 'cancelled')),
    mode TEXT NOT NULL CHECK (mode IN ('single', 'partial', 'atomic')),
    dry_run INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    channel TEXT NOT NULL CHECK (channel IN ('api', 'mapping_review', 'csv')),
    settings TEXT NOT NULL,
    created_by TEXT NOT NULL,
    retried_from BLOB,
    item_count INTEGER NOT NULL CHECK (item_count >= 0),
    created_count INTEGER NOT NULL CHECK (created_count >= 0),
    updated_count INTEGER NOT NULL CHECK (updated_count >= 0),
    unchanged_count INTEGER NOT NULL CHECK (unchanged_count >= 0),
    skipped_count INTEGER NOT NULL CHECK (skipped_count >= 0),
    failed_count INTEGER NOT NULL CHECK (failed_count >= 0),
    warned_count INTEGER NOT NULL CHECK (warned_count >= 0),
    failure TEXT,
    claim BLOB,
    claimed_until TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, retried_from) REFERENCES import_job (tenant_id, id)
) STRICT;
CREATE INDEX import_job_by_age ON import_job (tenant_id, created_at, id);
CREATE INDEX import_job_by_source ON import_job (tenant_id, source_system_id, created_at, id);
CREATE INDEX import_job_waiting ON import_job (status, created_at);

-- `payload` is stored while the item is pending or can be retried. The three external ids find the items that used a
-- reference.
CREATE TABLE import_item (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    job_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    external_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'completed', 'failed', 'cancelled')),
    outcome TEXT CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'failed')),
    target_id BLOB,
    payload TEXT,
    customer_external_id TEXT,
    location_external_id TEXT,
    contact_external_id TEXT,
    mapping TEXT NOT NULL,
    warnings TEXT NOT NULL,
    errors TEXT NOT NULL,
    decision TEXT NOT NULL,
    resolved_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id, position),
    FOREIGN KEY (tenant_id, job_id) REFERENCES import_job (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE INDEX import_item_by_target ON import_item (tenant_id, target_id, created_at);
CREATE INDEX import_item_by_age ON import_item (tenant_id, created_at, id);
CREATE INDEX import_item_by_customer_reference ON import_item (tenant_id, customer_external_id);
