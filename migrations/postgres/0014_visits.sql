CREATE TABLE visit_report (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    appointment_id UUID NOT NULL,
    technician_id UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('draft', 'submitted', 'approved', 'returned')),
    summary TEXT NOT NULL,
    internal_notes TEXT,
    work_minutes BIGINT NOT NULL CHECK (work_minutes >= 0),
    billable BOOLEAN NOT NULL,
    follow_up TEXT,
    return_reason TEXT,
    submitted_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    decided_by UUID,
    -- `written_at` is when the report was written on a device without a network.
    material TEXT,
    signed_by TEXT,
    signature TEXT,
    written_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, appointment_id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX visit_report_by_status ON visit_report (tenant_id, status, submitted_at, id);
CREATE INDEX visit_report_by_target ON visit_report (tenant_id, target_id);

CREATE TABLE attachment (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    content_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
);
CREATE INDEX attachment_by_report ON attachment (tenant_id, visit_report_id, id);

-- Entries that technicians' devices sent, each under an id that the device created, so that none is applied twice. An
-- entry that conflicts with the server's state is stored unchanged until a person decides. Photos are sent before the
-- report that refers to them.
CREATE TABLE day_entry (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    technician_id UUID NOT NULL,
    target_id UUID NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('set_out', 'arrive', 'report')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'handed_over', 'settled', 'discarded')),
    conflict_reason TEXT CHECK (conflict_reason IN ('moved', 'not_yours', 'cancelled', 'ended', 'other_state', 'after_another')),
    form JSONB,
    noted_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    seen_from TIMESTAMPTZ,
    seen_until TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE INDEX day_entry_open ON day_entry (tenant_id, technician_id, target_id, received_at, id) WHERE state = 'waiting';
CREATE INDEX day_entry_handed_over ON day_entry (tenant_id, target_id, received_at, id) WHERE state = 'handed_over';
CREATE INDEX day_entry_age ON day_entry (received_at) WHERE state NOT IN ('waiting', 'handed_over');

CREATE TABLE day_photo (
    tenant_id UUID NOT NULL,
    entry_id UUID NOT NULL,
    position BIGINT NOT NULL CHECK (position >= 0),
    technician_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    content_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, entry_id, position),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX day_photo_age ON day_photo (created_at);

SELECT protect_tenant_rows('visit_report');
SELECT protect_tenant_rows('attachment');
SELECT protect_tenant_rows('day_entry');
SELECT protect_tenant_rows('day_photo');
