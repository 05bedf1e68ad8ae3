-- `settings` are the scopes, feature gates and source settings at the time of acceptance. `retried_from` is the job whose
-- failed or skipped items this one repeats.
CREATE TABLE import_job (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    source_system_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('accepted', 'processing', 'completed', 'failed', 'cancelled')),
    mode TEXT NOT NULL CHECK (mode IN ('single', 'partial', 'atomic')),
    dry_run BOOLEAN NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('api', 'mapping_review', 'csv')),
    settings JSONB NOT NULL,
    created_by TEXT NOT NULL,
    retried_from UUID,
    item_count BIGINT NOT NULL CHECK (item_count >= 0),
    created_count BIGINT NOT NULL CHECK (created_count >= 0),
    updated_count BIGINT NOT NULL CHECK (updated_count >= 0),
    unchanged_count BIGINT NOT NULL CHECK (unchanged_count >= 0),
    skipped_count BIGINT NOT NULL CHECK (skipped_count >= 0),
    failed_count BIGINT NOT NULL CHECK (failed_count >= 0),
    warned_count BIGINT NOT NULL CHECK (warned_count >= 0),
    failure TEXT,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, retried_from) REFERENCES import_job (tenant_id, id)
);
CREATE INDEX import_job_by_age ON import_job (tenant_id, created_at, id);
CREATE INDEX import_job_by_source ON import_job (tenant_id, source_system_id, created_at, id);
CREATE INDEX import_job_waiting ON import_job (status, created_at);

-- `payload` is stored while the item is pending or can be retried. The three external ids find the items that used a
-- reference.
CREATE TABLE import_item (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    job_id UUID NOT NULL,
    position BIGINT NOT NULL CHECK (position >= 0),
    external_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'completed', 'failed', 'cancelled')),
    outcome TEXT CHECK (outcome IN ('created', 'updated', 'unchanged', 'skipped', 'failed')),
    target_id UUID,
    payload JSONB,
    customer_external_id TEXT,
    location_external_id TEXT,
    contact_external_id TEXT,
    mapping JSONB NOT NULL,
    warnings JSONB NOT NULL,
    errors JSONB NOT NULL,
    decision JSONB NOT NULL,
    resolved_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id, position),
    FOREIGN KEY (tenant_id, job_id) REFERENCES import_job (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE INDEX import_item_by_target ON import_item (tenant_id, target_id, created_at);
CREATE INDEX import_item_by_age ON import_item (tenant_id, created_at, id);
CREATE INDEX import_item_by_customer_reference ON import_item (tenant_id, customer_external_id);

SELECT protect_tenant_rows('import_job');
SELECT protect_tenant_rows('import_item');
