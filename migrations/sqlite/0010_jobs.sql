CREATE TABLE target (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    source_system_id BLOB,
    external_id TEXT,
    customer_id BLOB,
    location_id BLOB,
    contact_id BLOB,
    status TEXT NOT NULL CHECK (status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site', 'completed', 'not_completed', 'cancelled')),
    needs_mapping INTEGER NOT NULL CHECK (needs_mapping IN (0, 1)),
    service_type TEXT,
    priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    duration_minutes INTEGER NOT NULL CHECK (duration_minutes > 0),
    window_start TEXT,
    window_end TEXT,
    window_zone TEXT,
    required_skills TEXT NOT NULL,
    notes TEXT,
    attributes TEXT NOT NULL,
    place TEXT NOT NULL,
    payload_hash BLOB,
    source_updated_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, source_system_id, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
) STRICT;
CREATE INDEX target_by_status ON target (tenant_id, status, created_at, id);
CREATE INDEX target_by_customer ON target (tenant_id, customer_id, created_at, id);
CREATE INDEX target_by_location ON target (tenant_id, location_id, status);
CREATE INDEX target_by_source ON target (tenant_id, source_system_id, created_at, id);
-- Unscheduled jobs of the board, by priority and age.
CREATE INDEX target_pool ON target (tenant_id, (CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END), created_at, id) WHERE status = 'open';

-- Changes that a source sent for a target that is already scheduled, or that would move it to another customer. Only the
-- newest proposal of a target is open.
CREATE TABLE change_proposal (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    proposed TEXT NOT NULL,
    created_at TEXT NOT NULL,
    decided_at TEXT,
    decision TEXT CHECK (decision IN ('accepted', 'dismissed', 'replaced')),
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX change_proposal_one_open ON change_proposal (tenant_id, target_id) WHERE decided_at IS NULL;
