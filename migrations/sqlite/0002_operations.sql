-- Requests, targets, visits, reports, releases, imports, events, deliveries, audit.

CREATE TABLE target (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    number INTEGER NOT NULL,
    source_system_id BLOB,
    external_id TEXT,
    customer_id BLOB,
    location_id BLOB,
    contact_id BLOB,
    status TEXT NOT NULL,
    needs_mapping INTEGER NOT NULL,
    service_type TEXT,
    priority TEXT NOT NULL,
    duration_minutes INTEGER NOT NULL,
    window_start TEXT,
    window_end TEXT,
    window_zone TEXT,
    required_skills TEXT NOT NULL,
    notes TEXT,
    attributes TEXT NOT NULL,
    place TEXT NOT NULL,
    payload_hash BLOB,
    source_updated_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, source_system_id, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
) STRICT;
CREATE INDEX target_by_status ON target (tenant_id, status, created_at, id);
CREATE INDEX target_by_customer ON target (tenant_id, customer_id, created_at, id);
CREATE INDEX target_by_location ON target (tenant_id, location_id, status);
CREATE INDEX target_by_source ON target (tenant_id, source_system_id, created_at, id);

CREATE TABLE request (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    number INTEGER NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    service_type TEXT NOT NULL,
    priority TEXT NOT NULL,
    description TEXT NOT NULL,
    preferred TEXT,
    customer_id BLOB NOT NULL,
    location_id BLOB,
    contact_id BLOB,
    portal_account_id BLOB,
    rejection_reason TEXT,
    target_id BLOB,
    nonce TEXT,
    source_system_id BLOB,
    external_id TEXT,
    submitted_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
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
) STRICT;
CREATE INDEX request_by_status ON request (tenant_id, status, submitted_at, id);
CREATE INDEX request_by_customer ON request (tenant_id, customer_id, submitted_at, id);
CREATE INDEX request_by_target ON request (tenant_id, target_id);
CREATE INDEX request_by_source ON request (tenant_id, source_system_id, submitted_at, id);

CREATE TABLE appointment (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    status TEXT NOT NULL,
    is_shared INTEGER NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    zone TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX appointment_by_target ON appointment (tenant_id, target_id, created_at);
CREATE INDEX appointment_by_technician ON appointment (tenant_id, technician_id, starts_at);
-- A target has one agreed appointment at a time, whatever two dispatchers do at once.
CREATE UNIQUE INDEX appointment_one_planned ON appointment (tenant_id, target_id) WHERE status = 'planned';

CREATE TABLE visit_report (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    appointment_id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    status TEXT NOT NULL,
    summary TEXT NOT NULL,
    internal_notes TEXT,
    work_minutes INTEGER NOT NULL,
    billable INTEGER NOT NULL,
    follow_up TEXT,
    return_reason TEXT,
    submitted_at TEXT NOT NULL,
    decided_at TEXT,
    decided_by BLOB,
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
    size_bytes INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, visit_report_id) REFERENCES visit_report (tenant_id, id)
) STRICT;
CREATE INDEX attachment_by_report ON attachment (tenant_id, visit_report_id, id);

CREATE TABLE portal_release (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
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

CREATE TABLE follow_up (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    visit_report_id BLOB NOT NULL,
    status TEXT NOT NULL,
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

-- `event_id`: the event that told of it; gone once the event is no longer kept.
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

-- Internal history. `kind` is a public milestone or the name of something that only staff see.
CREATE TABLE timeline_entry (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    customer_id BLOB,
    location_id BLOB,
    target_id BLOB,
    request_id BLOB,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
CREATE INDEX timeline_by_customer ON timeline_entry (tenant_id, customer_id, at, id);
CREATE INDEX timeline_by_target ON timeline_entry (tenant_id, target_id, at, id);
CREATE INDEX timeline_by_request ON timeline_entry (tenant_id, request_id, at, id);

-- What a source wants to change about a target that is already planned, or that would move it to another customer. The
-- newest one of a target counts; `decision` is accepted, dismissed or replaced.
CREATE TABLE change_proposal (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    proposed TEXT NOT NULL,
    created_at TEXT NOT NULL,
    decided_at TEXT,
    decision TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE UNIQUE INDEX change_proposal_one_open ON change_proposal (tenant_id, target_id) WHERE decided_at IS NULL;

-- `settings` are the scopes, gates and source settings at the time the job was taken in. `retried_from` is the job whose
-- failed or skipped items this one repeats.
CREATE TABLE import_job (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    status TEXT NOT NULL,
    mode TEXT NOT NULL,
    dry_run INTEGER NOT NULL,
    channel TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_by TEXT NOT NULL,
    retried_from BLOB,
    item_count INTEGER NOT NULL,
    created_count INTEGER NOT NULL,
    updated_count INTEGER NOT NULL,
    unchanged_count INTEGER NOT NULL,
    skipped_count INTEGER NOT NULL,
    failed_count INTEGER NOT NULL,
    warned_count INTEGER NOT NULL,
    failure TEXT,
    claim BLOB,
    claimed_until TEXT,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, retried_from) REFERENCES import_job (tenant_id, id)
) STRICT;
CREATE INDEX import_job_by_age ON import_job (tenant_id, created_at, id);
CREATE INDEX import_job_by_source ON import_job (tenant_id, source_system_id, created_at, id);
CREATE INDEX import_job_waiting ON import_job (status, created_at);

-- `payload` is what was sent, kept while the item waits or may be repeated. The three external ids tell which items a
-- reference has touched.
CREATE TABLE import_item (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    job_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    external_id TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    target_id BLOB,
    payload TEXT,
    customer_external_id TEXT,
    location_external_id TEXT,
    contact_external_id TEXT,
    mapping TEXT NOT NULL,
    warnings TEXT NOT NULL,
    errors TEXT NOT NULL,
    decision TEXT NOT NULL,
    resolved_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, job_id, position),
    FOREIGN KEY (tenant_id, job_id) REFERENCES import_job (tenant_id, id)
) STRICT;
CREATE INDEX import_item_by_target ON import_item (tenant_id, target_id, created_at);
CREATE INDEX import_item_by_age ON import_item (tenant_id, created_at, id);
CREATE INDEX import_item_by_customer_reference ON import_item (tenant_id, customer_external_id);

CREATE TABLE idempotency_key (
    tenant_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    response_status INTEGER NOT NULL,
    response_location TEXT,
    response_body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, route, key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);

-- `api_version` is pinned when the endpoint is made. `first_failure_at` and `failed_deliveries` count since the last success.
CREATE TABLE webhook_endpoint (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    event_types TEXT NOT NULL,
    data_options TEXT NOT NULL,
    ordering TEXT NOT NULL,
    api_version TEXT NOT NULL,
    status TEXT NOT NULL,
    failures_in_a_row INTEGER NOT NULL,
    failed_deliveries INTEGER NOT NULL,
    first_failure_at TEXT,
    last_success_at TEXT,
    disabled_at TEXT,
    disabled_reason TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX webhook_endpoint_by_client ON webhook_endpoint (tenant_id, client_id, created_at, id);

-- Encrypted. The newest has no end; those before it sign too until their grace period is over. `signing_key` is the seed of
-- the Ed25519 key of endpoints that asked for one; its public half is no secret.
CREATE TABLE webhook_secret (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    secret BLOB NOT NULL,
    signing_key BLOB,
    public_key TEXT,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
) STRICT;
CREATE INDEX webhook_secret_by_endpoint ON webhook_secret (tenant_id, endpoint_id, created_at, id);

-- The outbox: written in the transaction of the change that the event tells of. `endpoint_id`: an event about an endpoint.
CREATE TABLE event (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    target_id BLOB,
    customer_id BLOB,
    location_id BLOB,
    contact_id BLOB,
    source_system_id BLOB,
    endpoint_id BLOB,
    details TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sequence),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
) STRICT;
CREATE INDEX event_by_source ON event (tenant_id, source_system_id, sequence);
CREATE INDEX event_by_age ON event (tenant_id, occurred_at);

-- A person asked for held and failed deliveries of a time range to be made after all.
CREATE TABLE webhook_recovery (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    requested_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
) STRICT;
CREATE INDEX webhook_recovery_by_endpoint ON webhook_recovery (tenant_id, endpoint_id, created_at, id);

-- `ordering_key` is there only for endpoints that ask for an order. `body` are the bytes of the first rendering, and
-- `body_options` the data options that were on then. `lane` keeps what was never tried apart from what failed before.
CREATE TABLE webhook_delivery (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    ordering_key TEXT,
    status TEXT NOT NULL,
    lane TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    claimed_until TEXT,
    claim BLOB,
    body TEXT,
    body_options TEXT,
    last_status INTEGER,
    last_failure TEXT,
    recovery_id BLOB,
    delivered_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, endpoint_id, event_id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id),
    FOREIGN KEY (tenant_id, event_id) REFERENCES event (tenant_id, id),
    FOREIGN KEY (tenant_id, recovery_id) REFERENCES webhook_recovery (tenant_id, id)
) STRICT;
CREATE INDEX webhook_delivery_due ON webhook_delivery (tenant_id, endpoint_id, lane, next_attempt_at, id) WHERE status = 'pending';
CREATE INDEX webhook_delivery_claimed ON webhook_delivery (tenant_id, endpoint_id, claimed_until) WHERE status = 'in_flight';
CREATE INDEX webhook_delivery_in_order ON webhook_delivery (tenant_id, endpoint_id, ordering_key, sequence) WHERE ordering_key IS NOT NULL AND status IN ('pending', 'in_flight');
CREATE INDEX webhook_delivery_stuck ON webhook_delivery (tenant_id, endpoint_id, status, created_at, id) WHERE status IN ('held', 'failed');
CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (tenant_id, endpoint_id, created_at, id);
CREATE INDEX webhook_delivery_by_event ON webhook_delivery (tenant_id, event_id);
CREATE INDEX webhook_delivery_recovered ON webhook_delivery (tenant_id, recovery_id, status) WHERE recovery_id IS NOT NULL;

-- An attempt that somebody asked for, besides the schedule.
CREATE TABLE webhook_replay (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    delivery_id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at TEXT NOT NULL,
    claim BLOB,
    claimed_until TEXT,
    done_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
) STRICT;
CREATE INDEX webhook_replay_waiting ON webhook_replay (requested_at, id) WHERE done_at IS NULL;
CREATE INDEX webhook_replay_by_delivery ON webhook_replay (tenant_id, delivery_id);

-- `cause` is automatic or manual; `failure` says why in a word, `error` in the words of the library.
CREATE TABLE webhook_attempt (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    delivery_id BLOB NOT NULL,
    cause TEXT NOT NULL,
    url TEXT NOT NULL,
    signature TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    response_status INTEGER,
    failure TEXT,
    error TEXT,
    response_excerpt TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id)
) STRICT;
CREATE INDEX webhook_attempt_by_delivery ON webhook_attempt (tenant_id, delivery_id, started_at, id);

-- Append-only; each row carries the hash of the row before it.
CREATE TABLE audit_entry (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
) STRICT;
