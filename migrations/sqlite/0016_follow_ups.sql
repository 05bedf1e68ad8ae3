CREATE TABLE follow_up (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('required', 'planned', 'done', 'dismissed')),
    title TEXT NOT NULL,
    planned_target_id BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, planned_target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
) STRICT;
CREATE INDEX follow_up_by_planned_target ON follow_up (tenant_id, planned_target_id);
CREATE INDEX follow_up_by_target ON follow_up (tenant_id, target_id);
