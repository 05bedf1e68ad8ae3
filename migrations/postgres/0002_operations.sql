-- Requests, targets, visits, reports, releases, imports, events, deliveries, audit.

CREATE TABLE target (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL,
    source_system_id UUID,
    external_id TEXT,
    customer_id UUID,
    location_id UUID,
    contact_id UUID,
    status TEXT NOT NULL,
    needs_mapping BOOLEAN NOT NULL,
    service_type TEXT,
    priority TEXT NOT NULL,
    duration_minutes BIGINT NOT NULL,
    window_start TIMESTAMPTZ,
    window_end TIMESTAMPTZ,
    window_zone TEXT,
    required_skills JSONB NOT NULL,
    notes TEXT,
    attributes JSONB NOT NULL,
    place JSONB NOT NULL,
    payload_hash BYTEA,
    source_updated_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, source_system_id, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
);
CREATE INDEX target_by_status ON target (tenant_id, status, created_at, id);
CREATE INDEX target_by_customer ON target (tenant_id, customer_id, created_at, id);
CREATE INDEX target_by_location ON target (tenant_id, location_id, status);
CREATE INDEX target_by_source ON target (tenant_id, source_system_id, created_at, id);

CREATE TABLE request (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    service_type TEXT NOT NULL,
    priority TEXT NOT NULL,
    description TEXT NOT NULL,
    preferred TEXT,
    customer_id UUID NOT NULL,
    location_id UUID,
    contact_id UUID,
    portal_account_id UUID,
    rejection_reason TEXT,
    target_id UUID,
    nonce TEXT,
    source_system_id UUID,
    external_id TEXT,
    submitted_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, portal_account_id, nonce),
    UNIQUE (tenant_id, source_system_id, external_id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE INDEX request_by_status ON request (tenant_id, status, submitted_at, id);
CREATE INDEX request_by_customer ON request (tenant_id, customer_id, submitted_at, id);
CREATE INDEX request_by_target ON request (tenant_id, target_id);
CREATE INDEX request_by_source ON request (tenant_id, source_system_id, submitted_at, id);

CREATE TABLE appointment (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    technician_id UUID NOT NULL,
    status TEXT NOT NULL,
    is_shared BOOLEAN NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    zone TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX appointment_by_target ON appointment (tenant_id, target_id, created_at);
CREATE INDEX appointment_by_technician ON appointment (tenant_id, technician_id, starts_at);
-- A target has one agreed appointment at a time, whatever two dispatchers do at once.
CREATE UNIQUE INDEX appointment_one_planned ON appointment (tenant_id, target_id) WHERE status = 'planned';

CREATE TABLE visit_report (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    appointment_id UUID NOT NULL,
    technician_id UUID NOT NULL,
    status TEXT NOT NULL,
    summary TEXT NOT NULL,
    internal_notes TEXT,
    work_minutes BIGINT NOT NULL,
    billable BOOLEAN NOT NULL,
    follow_up TEXT,
    return_reason TEXT,
    submitted_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    decided_by UUID,
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
    size_bytes BIGINT NOT NULL,
    content_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
);
CREATE INDEX attachment_by_report ON attachment (tenant_id, visit_report_id, id);

CREATE TABLE portal_release (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    revision BIGINT NOT NULL,
    status TEXT NOT NULL,
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

CREATE TABLE follow_up (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    status TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
);

CREATE TABLE billing_trigger (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    visit_report_id UUID NOT NULL,
    target_id UUID NOT NULL,
    work_minutes BIGINT NOT NULL,
    raised_at TIMESTAMPTZ NOT NULL,
    acknowledged_at TIMESTAMPTZ,
    reference TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);

-- Internal history. `kind` is a public milestone or the name of something that only staff see.
CREATE TABLE timeline_entry (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    customer_id UUID,
    location_id UUID,
    target_id UUID,
    request_id UUID,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX timeline_by_customer ON timeline_entry (tenant_id, customer_id, at, id);
CREATE INDEX timeline_by_target ON timeline_entry (tenant_id, target_id, at, id);
CREATE INDEX timeline_by_request ON timeline_entry (tenant_id, request_id, at, id);

-- `settings` are the scopes, gates and source settings at the time the job was taken in. `retried_from` is the job whose
-- failed or skipped items this one repeats.
CREATE TABLE import_job (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    source_system_id UUID NOT NULL,
    status TEXT NOT NULL,
    mode TEXT NOT NULL,
    dry_run BOOLEAN NOT NULL,
    channel TEXT NOT NULL,
    settings JSONB NOT NULL,
    created_by TEXT NOT NULL,
    retried_from UUID,
    item_count BIGINT NOT NULL,
    created_count BIGINT NOT NULL,
    updated_count BIGINT NOT NULL,
    unchanged_count BIGINT NOT NULL,
    skipped_count BIGINT NOT NULL,
    failed_count BIGINT NOT NULL,
    warned_count BIGINT NOT NULL,
    failure TEXT,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    finished_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, retried_from) REFERENCES import_job (tenant_id, id)
);
CREATE INDEX import_job_by_age ON import_job (tenant_id, created_at, id);
CREATE INDEX import_job_by_source ON import_job (tenant_id, source_system_id, created_at, id);
CREATE INDEX import_job_waiting ON import_job (status, created_at);

-- `payload` is what was sent, kept while the item waits or may be repeated. The three external ids tell which items a
-- reference has touched.
CREATE TABLE import_item (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    job_id UUID NOT NULL,
    position BIGINT NOT NULL,
    external_id TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    target_id UUID,
    payload JSONB,
    customer_external_id TEXT,
    location_external_id TEXT,
    contact_external_id TEXT,
    mapping JSONB NOT NULL,
    warnings JSONB NOT NULL,
    errors JSONB NOT NULL,
    decision JSONB NOT NULL,
    resolved_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id, position),
    FOREIGN KEY (tenant_id, job_id) REFERENCES import_job (tenant_id, id)
);
CREATE INDEX import_item_by_target ON import_item (tenant_id, target_id, created_at);
CREATE INDEX import_item_by_age ON import_item (tenant_id, created_at, id);
CREATE INDEX import_item_by_customer_reference ON import_item (tenant_id, customer_external_id);

CREATE TABLE idempotency_key (
    tenant_id UUID NOT NULL,
    client_id UUID NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    response_status BIGINT NOT NULL,
    response_location TEXT,
    response_body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, client_id, route, key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);

CREATE TABLE webhook_endpoint (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    source_system_id UUID NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    event_types JSONB NOT NULL,
    data_options JSONB NOT NULL,
    secret BYTEA NOT NULL,
    status TEXT NOT NULL,
    failures_in_a_row BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);

-- The outbox: written in the transaction of the change that the event tells of.
CREATE TABLE event (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    type TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    target_id UUID,
    customer_id UUID,
    location_id UUID,
    contact_id UUID,
    source_system_id UUID,
    details JSONB NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sequence),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);

CREATE TABLE webhook_delivery (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    event_id UUID NOT NULL,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    claim UUID,
    body TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, endpoint_id, event_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (status, next_attempt_at);
CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (tenant_id, endpoint_id, created_at, id);

CREATE TABLE webhook_attempt (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    delivery_id UUID NOT NULL,
    number BIGINT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    response_status BIGINT,
    error TEXT,
    response_excerpt TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id)
);
CREATE INDEX webhook_attempt_by_delivery ON webhook_attempt (tenant_id, delivery_id, number);

-- Append-only; each row carries the hash of the row before it.
CREATE TABLE audit_entry (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    sequence BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details JSONB NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);
