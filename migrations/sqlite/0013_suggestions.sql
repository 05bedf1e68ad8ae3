-- Route suggestions, requested by dispatch or a client and computed by the worker. `options` is the request, `result` the
-- plan with its exclusion reasons, `decided` the decision for each stop. Nothing here is an appointment.
CREATE TABLE route_suggestion (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    date TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'discarded')),
    requested_by TEXT NOT NULL,
    source_system_id BLOB,
    options TEXT NOT NULL,
    progress INTEGER NOT NULL,
    cancel_requested INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    result TEXT,
    decided TEXT NOT NULL,
    revision INTEGER NOT NULL,
    claim BLOB,
    claimed_until TEXT,
    created_at TEXT NOT NULL,
    finished_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX route_suggestion_by_age ON route_suggestion (tenant_id, created_at, id);
CREATE INDEX route_suggestion_by_source ON route_suggestion (tenant_id, source_system_id, created_at, id) WHERE source_system_id IS NOT NULL;
CREATE INDEX route_suggestion_due ON route_suggestion (created_at, id) WHERE status IN ('queued', 'running');
