CREATE TABLE portal_release (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    status TEXT NOT NULL CHECK (status IN ('published', 'replaced', 'withdrawn')),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    message TEXT,
    follow_up TEXT,
    published_by BLOB NOT NULL,
    published_at TEXT NOT NULL,
    ended_at TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id, revision),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX portal_release_one_published ON portal_release (tenant_id, visit_report_id) WHERE status = 'published';

CREATE TABLE released_attachment (
    tenant_id BLOB NOT NULL,
    release_id BLOB NOT NULL,
    attachment_id BLOB NOT NULL,
    PRIMARY KEY (tenant_id, release_id, attachment_id),
    FOREIGN KEY (tenant_id, release_id) REFERENCES portal_release (tenant_id, id),
    FOREIGN KEY (tenant_id, attachment_id) REFERENCES attachment (tenant_id, id)
) STRICT;
