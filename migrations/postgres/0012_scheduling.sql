CREATE TABLE appointment (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    technician_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'moved', 'cancelled', 'done')),
    is_shared BOOLEAN NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    zone TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX appointment_by_target ON appointment (tenant_id, target_id, created_at);
CREATE INDEX appointment_by_technician ON appointment (tenant_id, technician_id, starts_at);
-- At most one planned appointment per target, also under concurrent scheduling.
CREATE UNIQUE INDEX appointment_one_planned ON appointment (tenant_id, target_id) WHERE status = 'planned';
-- The board reads a day or a week of all technicians.
CREATE INDEX appointment_by_time ON appointment (tenant_id, starts_at, id);

-- Working calendar of technicians. Without a row, a technician has no shifts and uses the tenant's time zone. `week` holds
-- shifts and breaks; start and end are the places where a day begins and ends.
CREATE TABLE technician (
    tenant_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    zone TEXT NOT NULL,
    week JSONB NOT NULL,
    start_name TEXT,
    start_latitude DOUBLE PRECISION,
    start_longitude DOUBLE PRECISION,
    end_name TEXT,
    end_latitude DOUBLE PRECISION,
    end_longitude DOUBLE PRECISION,
    revision BIGINT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, staff_id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);

-- Absences; both days are included, in the technician's time zone.
CREATE TABLE technician_absence (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    first_day DATE NOT NULL,
    last_day DATE NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('vacation', 'sick', 'training', 'other')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX technician_absence_by_day ON technician_absence (tenant_id, staff_id, last_day);

SELECT protect_tenant_rows('appointment');
SELECT protect_tenant_rows('technician');
SELECT protect_tenant_rows('technician_absence');
