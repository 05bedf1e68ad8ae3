CREATE TABLE appointment (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('planned', 'moved', 'cancelled', 'done')),
    is_shared INTEGER NOT NULL CHECK (is_shared IN (0, 1)),
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    zone TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX appointment_by_target ON appointment (tenant_id, target_id, created_at);
CREATE INDEX appointment_by_technician ON appointment (tenant_id, technician_id, starts_at);
-- At most one planned appointment per target, also under concurrent scheduling.
CREATE UNIQUE INDEX appointment_one_planned ON appointment (tenant_id, target_id) WHERE status = 'planned';
-- The board reads a day or a week of all technicians.
CREATE INDEX appointment_by_time ON appointment (tenant_id, starts_at, id);

-- Working calendar of technicians. Without a row, a technician has no shifts and uses the tenant's time zone. `week` holds
-- shifts and breaks; start and end are the places where a day begins and ends.
CREATE TABLE technician (
    tenant_id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    zone TEXT NOT NULL,
    week TEXT NOT NULL,
    start_name TEXT,
    start_latitude REAL,
    start_longitude REAL,
    end_name TEXT,
    end_latitude REAL,
    end_longitude REAL,
    revision INTEGER NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, staff_id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;

-- Absences; both days are included, in the technician's time zone.
CREATE TABLE technician_absence (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('vacation', 'sick', 'training', 'other')),
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX technician_absence_by_day ON technician_absence (tenant_id, staff_id, last_day);
