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
    planned_target_id UUID,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, visit_report_id),
    FOREIGN KEY (tenant_id, planned_target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
);
CREATE INDEX follow_up_by_planned_target ON follow_up (tenant_id, planned_target_id);
CREATE INDEX follow_up_by_target ON follow_up (tenant_id, target_id);

-- `event_id`: the event that told of it; gone once the event is no longer kept.
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

-- What a source wants to change about a target that is already planned, or that would move it to another customer. The
-- newest one of a target counts; `decision` is accepted, dismissed or replaced.
CREATE TABLE change_proposal (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    target_id UUID NOT NULL,
    proposed JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    decision TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
);
CREATE UNIQUE INDEX change_proposal_one_open ON change_proposal (tenant_id, target_id) WHERE decided_at IS NULL;

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

-- `api_version` is pinned when the endpoint is made. `first_failure_at` and `failed_deliveries` count since the last success.
CREATE TABLE webhook_endpoint (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    source_system_id UUID NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    event_types JSONB NOT NULL,
    data_options JSONB NOT NULL,
    ordering TEXT NOT NULL,
    api_version TEXT NOT NULL,
    status TEXT NOT NULL,
    failures_in_a_row BIGINT NOT NULL,
    failed_deliveries BIGINT NOT NULL,
    first_failure_at TIMESTAMPTZ,
    last_success_at TIMESTAMPTZ,
    disabled_at TIMESTAMPTZ,
    disabled_reason TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);
CREATE INDEX webhook_endpoint_by_client ON webhook_endpoint (tenant_id, client_id, created_at, id);

-- Encrypted. The newest has no end; those before it sign too until their grace period is over. `signing_key` is the seed of
-- the Ed25519 key of endpoints that asked for one; its public half is no secret.
CREATE TABLE webhook_secret (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    secret BYTEA NOT NULL,
    signing_key BYTEA,
    public_key TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
);
CREATE INDEX webhook_secret_by_endpoint ON webhook_secret (tenant_id, endpoint_id, created_at, id);

-- The outbox: written in the transaction of the change that the event tells of. `endpoint_id`: an event about an endpoint.
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
    endpoint_id UUID,
    details JSONB NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sequence),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
);
CREATE INDEX event_by_source ON event (tenant_id, source_system_id, sequence);
CREATE INDEX event_by_age ON event (tenant_id, occurred_at);

-- A person asked for held and failed deliveries of a time range to be made after all.
CREATE TABLE webhook_recovery (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    deliveries BIGINT NOT NULL,
    requested_by TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
);
CREATE INDEX webhook_recovery_by_endpoint ON webhook_recovery (tenant_id, endpoint_id, created_at, id);

-- `ordering_key` is there only for endpoints that ask for an order. `body` are the bytes of the first rendering, and
-- `body_options` the data options that were on then. `lane` keeps what was never tried apart from what failed before.
CREATE TABLE webhook_delivery (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    event_id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    ordering_key TEXT,
    status TEXT NOT NULL,
    lane TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    claimed_until TIMESTAMPTZ,
    claim UUID,
    body TEXT,
    body_options JSONB,
    last_status BIGINT,
    last_failure TEXT,
    recovery_id UUID,
    delivered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, endpoint_id, event_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id),
    FOREIGN KEY (tenant_id, recovery_id) REFERENCES webhook_recovery (tenant_id, id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant_id, endpoint_id, lane, next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (tenant_id, endpoint_id, claimed_until) WHERE status = 'in_flight';
CREATE INDEX webhook_delivery_in_order ON webhook_delivery (tenant_id, endpoint_id, ordering_key, sequence) WHERE ordering_key IS NOT NULL AND status IN ('pending', 'in_flight');
CREATE INDEX webhook_delivery_stuck ON webhook_delivery (tenant_id, endpoint_id, status, created_at, id) WHERE status IN ('held', 'failed');
CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (tenant_id, endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (tenant_id, event_id);
CREATE INDEX webhook_delivery_recovered ON webhook_delivery (tenant_id, recovery_id, status) WHERE recovery_id IS NOT NULL;

-- An attempt that somebody asked for, besides the schedule.
CREATE TABLE webhook_replay (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    delivery_id UUID NOT NULL,
    endpoint_id UUID NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TIMESTAMPTZ NOT NULL,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    done_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
);
CREATE INDEX webhook_replay_waiting ON webhook_replay (requested_at, id) WHERE done_at IS NULL;
CREATE INDEX webhook_replay_by_delivery ON webhook_replay (tenant_id, delivery_id);

-- `cause` is automatic or manual; `failure` says why in a word, `error` in the words of the library.
CREATE TABLE webhook_attempt (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    delivery_id UUID NOT NULL,
    cause TEXT NOT NULL,
    url TEXT NOT NULL,
    signature TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    duration_ms BIGINT NOT NULL,
    response_status BIGINT,
    failure TEXT,
    error TEXT,
    response_excerpt TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id)
);
CREATE INDEX webhook_attempt_by_delivery ON webhook_attempt (tenant_id, delivery_id, started_at, id);

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
