-- What a technician has been told about an appointment. `shown_at` is when it first reached My day; `seen_status` is the status
-- that the technician has confirmed to have seen, 'none' before that, and 'any' for appointments from before this was recorded.
ALTER TABLE appointment ADD COLUMN shown_at TIMESTAMPTZ;
ALTER TABLE appointment ADD COLUMN seen_at TIMESTAMPTZ;
ALTER TABLE appointment ADD COLUMN seen_status TEXT NOT NULL DEFAULT 'any' CHECK (seen_status IN ('any', 'none', 'planned', 'moved', 'cancelled', 'done'));
CREATE INDEX appointment_to_confirm ON appointment (tenant_id, technician_id, ends_at) WHERE status IN ('moved', 'cancelled') AND seen_status IN ('none', 'planned');

-- What technicians tell dispatch before a visit: that it cannot take place, or that they will be late. `was_current` is whether
-- the visit was theirs when the notice arrived.
CREATE TABLE visit_notice (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    appointment_id UUID NOT NULL,
    technician_id UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('cannot_do', 'late')),
    reason TEXT CHECK (length(reason) <= 40),
    text TEXT,
    minutes BIGINT CHECK (minutes BETWEEN 1 AND 480),
    was_current BOOLEAN NOT NULL,
    noted_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    resolved_by UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, appointment_id) REFERENCES appointment (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, resolved_by) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX visit_notice_open ON visit_notice (tenant_id, created_at, id) WHERE resolved_at IS NULL;
CREATE INDEX visit_notice_by_target ON visit_notice (tenant_id, target_id, created_at);
CREATE INDEX visit_notice_by_appointment ON visit_notice (tenant_id, appointment_id, created_at);

SELECT protect_tenant_rows('visit_notice');
