-- What a technician has been told about an appointment. `shown_at` is when it first reached My day; `seen_status` is the status
-- that the technician has confirmed to have seen, 'none' before that, and 'any' for appointments from before this was recorded.
ALTER TABLE appointment ADD COLUMN shown_at TEXT;
ALTER TABLE appointment ADD COLUMN seen_at TEXT;
ALTER TABLE appointment ADD COLUMN seen_status TEXT NOT NULL DEFAULT 'any' CHECK (seen_status IN ('any', 'none', 'planned', 'moved', 'cancelled', 'done'));
CREATE INDEX appointment_to_confirm ON appointment (tenant_id, technician_id, ends_at) WHERE status IN ('moved', 'cancelled') AND seen_status IN ('none', 'planned');

-- What technicians tell dispatch before a visit: that it cannot take place, or that they will be late. `was_current` is whether
-- the visit was theirs when the notice arrived.
CREATE TABLE visit_notice (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    appointment_id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('cannot_do', 'late')),
    reason TEXT CHECK (length(reason) <= 40),
    text TEXT,
    minutes INTEGER CHECK (minutes BETWEEN 1 AND 480),
    was_current INTEGER NOT NULL CHECK (was_current IN (0, 1)),
    noted_at TEXT NOT NULL,
    created_at TEXT NOT NULL,
    resolved_at TEXT,
    resolved_by BLOB,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, resolved_by) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX visit_notice_open ON visit_notice (tenant_id, created_at, id) WHERE resolved_at IS NULL;
CREATE INDEX visit_notice_by_target ON visit_notice (tenant_id, target_id, created_at);
CREATE INDEX visit_notice_by_appointment ON visit_notice (tenant_id, appointment_id, created_at);
