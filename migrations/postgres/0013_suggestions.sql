-- Route suggestions, requested by dispatch or a client and computed by the worker. `options` is the request, `result` the
-- plan with its exclusion reasons, `decided` the decision for each stop. Nothing here is an appointment.
CREATE TABLE route_suggestion (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    date DATE NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled', 'discarded')),
    requested_by TEXT NOT NULL,
    source_system_id UUID,
    options JSONB NOT NULL,
    progress BIGINT NOT NULL,
    cancel_requested BOOLEAN NOT NULL,
    result JSONB,
    decided JSONB NOT NULL,
    revision BIGINT NOT NULL,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);
CREATE INDEX route_suggestion_by_age ON route_suggestion (tenant_id, created_at, id);
CREATE INDEX route_suggestion_by_source ON route_suggestion (tenant_id, source_system_id, created_at, id) WHERE source_system_id IS NOT NULL;
CREATE INDEX route_suggestion_due ON route_suggestion (created_at, id) WHERE status IN ('queued', 'running');

SELECT protect_tenant_rows('route_suggestion');
