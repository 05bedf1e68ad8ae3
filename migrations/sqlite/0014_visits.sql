CREATE TABLE visit_report (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    appointment_id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'approved', 'returned')),
    summary TEXT NOT NULL,
    internal_notes TEXT,
    work_minutes INTEGER NOT NULL CHECK (work_minutes >= 0),
    billable INTEGER NOT NULL CHECK (billable IN (0, 1)),
    follow_up TEXT,
    return_reason TEXT,
    submitted_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by BLOB,
    -- `written_at` is when the report was written on a device without a network.
    material TEXT,
    signed_by TEXT,
    signature TEXT,
    written_at TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, appointment_id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX visit_report_by_status ON visit_report (tenant_id, status, submitted_at, id);
CREATE INDEX visit_report_by_target ON visit_report (tenant_id, target_id);

CREATE TABLE attachment (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    content_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
) STRICT;
CREATE INDEX attachment_by_report ON attachment (tenant_id, visit_report_id, id);

-- Entries that technicians' devices sent, each under an id that the device created, so that none is applied twice. An
-- entry that conflicts with the server's state is stored unchanged until a person decides. Photos are sent before the
-- report that refers to them.
CREATE TABLE day_entry (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('set_out', 'arrive', 'report')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'handed_over', 'settled', 'discarded')),
    conflict_reason TEXT CHECK (conflict_reason IN ('moved', 'not_yours', 'cancelled', 'ended', 'other_state', 'after_another')),
    form TEXT,
    noted_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seen_from TEXT,
    seen_until TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE INDEX day_entry_open ON day_entry (tenant_id, technician_id, target_id, received_at, id) WHERE state = 'waiting';
CREATE INDEX day_entry_handed_over ON day_entry (tenant_id, target_id, received_at, id) WHERE state = 'handed_over';
CREATE INDEX day_entry_age ON day_entry (received_at) WHERE state NOT IN ('waiting', 'handed_over');

CREATE TABLE day_photo (
    tenant_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    technician_id BLOB NOT NULL,
    file_name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    content_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id, position),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX day_photo_age ON day_photo (created_at);
