-- `event_id` is the event that announced it; null once that event is purged.
CREATE TABLE billing_trigger (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    target_id UUID NOT NULL,
    work_minutes BIGINT NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    acknowledged_at TIMESTAMPTZ,
    reference TEXT,
    event_id UUID,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE INDEX billing_trigger_by_age ON billing_trigger (tenant_id, raised_at, id);

SELECT protect_tenant_rows('billing_trigger');
