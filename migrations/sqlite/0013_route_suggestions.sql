-- Proposed plans: asked for by dispatch or by a client, made by the worker. `options` is what was asked, `result` the plan with its reasons, `decided` what became of each stop. Nothing here is an appointment.
CREATE TABLE route_suggestion (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    date TEXT NOT NULL,
    status TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    source_system_id BLOB,
    options TEXT NOT NULL,
    progress INTEGER NOT NULL,
    cancel_asked INTEGER NOT NULL,
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
