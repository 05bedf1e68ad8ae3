CREATE TABLE target (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    source_system_id UUID,
    external_id TEXT,
    customer_id UUID,
    location_id UUID,
    contact_id UUID,
    status TEXT NOT NULL CHECK (status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site', 'completed', 'not_completed', 'cancelled')),
    needs_mapping BOOLEAN NOT NULL,
    service_type TEXT,
    priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    duration_minutes BIGINT NOT NULL CHECK (duration_minutes > 0),
    window_start TIMESTAMPTZ,
    window_end TIMESTAMPTZ,
    window_zone TEXT,
    required_skills JSONB NOT NULL,
    notes TEXT,
    attributes JSONB NOT NULL,
    place JSONB NOT NULL,
    payload_hash BYTEA,
    source_updated_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, source_system_id, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
);
CREATE INDEX target_by_status ON target (tenant_id, status, created_at, id);
CREATE INDEX target_by_customer ON target (tenant_id, customer_id, created_at, id);
CREATE INDEX target_by_location ON target (tenant_id, location_id, status);
CREATE INDEX target_by_source ON target (tenant_id, source_system_id, created_at, id);
-- Unscheduled jobs of the board, by priority and age.
CREATE INDEX target_pool ON target (tenant_id, (CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END), created_at, id) WHERE status = 'open';

-- Changes that a source sent for a target that is already scheduled, or that would move it to another customer. Only the
-- newest proposal of a target is open.
CREATE TABLE change_proposal (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    proposed JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    decision TEXT CHECK (decision IN ('accepted', 'dismissed', 'replaced')),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE UNIQUE INDEX change_proposal_one_open ON change_proposal (tenant_id, target_id) WHERE decided_at IS NULL;

SELECT protect_tenant_rows('target');
SELECT protect_tenant_rows('change_proposal');
