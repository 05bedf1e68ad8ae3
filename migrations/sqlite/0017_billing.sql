-- `event_id` is the event that announced it; null once that event is purged.
CREATE TABLE billing_trigger (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    work_minutes INTEGER NOT NULL,
    raised_at TEXT NOT NULL,
    acknowledged_at TEXT,
    reference TEXT,
    event_id BLOB,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE INDEX billing_trigger_by_age ON billing_trigger (tenant_id, raised_at, id);
