-- How technicians work. Whoever has no row works in the tenant's zone and has no shifts. `week` holds shifts and breaks; start and end are where a day begins and ends.
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

-- Days on which somebody is not there, both included, in the technician's zone.
CREATE TABLE technician_absence (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX technician_absence_by_day ON technician_absence (tenant_id, staff_id, last_day);
