CREATE TABLE portal_release (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    revision BIGINT NOT NULL CHECK (revision > 0),
    status TEXT NOT NULL CHECK (status IN ('published', 'replaced', 'withdrawn')),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    message TEXT,
    follow_up TEXT,
    published_by UUID NOT NULL,
    published_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id, revision),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
);
CREATE UNIQUE INDEX portal_release_one_published ON portal_release (tenant_id, visit_report_id) WHERE status = 'published';

CREATE TABLE released_attachment (
    tenant_id UUID NOT NULL,
    release_id UUID NOT NULL,
    attachment_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, release_id, attachment_id),
    FOREIGN KEY (tenant_id, release_id) REFERENCES portal_release (tenant_id, id),
    FOREIGN KEY (tenant_id, attachment_id) REFERENCES attachment (tenant_id, id)
);

SELECT protect_tenant_rows('portal_release');
SELECT protect_tenant_rows('released_attachment');
