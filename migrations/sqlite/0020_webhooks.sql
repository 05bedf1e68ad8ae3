-- `api_version` is pinned at creation. `first_failure_at` and `failed_deliveries` count since the last success.
CREATE TABLE webhook_endpoint (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    event_types TEXT NOT NULL,
    data_options TEXT NOT NULL,
    ordering TEXT NOT NULL CHECK (ordering IN ('none', 'per_target')),
    api_version TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'failing', 'disabled')),
    failures_in_a_row INTEGER NOT NULL,
    failed_deliveries INTEGER NOT NULL,
    first_failure_at TEXT,
    last_success_at TEXT,
    disabled_at TEXT,
    disabled_reason TEXT CHECK (disabled_reason IN ('failures', 'receiver', 'person', 'client_revoked')),
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    deleted_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX webhook_endpoint_by_client ON webhook_endpoint (tenant_id, client_id, created_at, id);

-- Encrypted signing secrets. Earlier secrets also sign until their grace period ends. `signing_key` is the seed of an
-- Ed25519 key, `public_key` its public half.
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

-- Requested recoveries: held and failed deliveries of a time range are sent again.
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

-- `ordering_key` is set for endpoints with ordering. `body` is the first rendering, `body_options` the data options it was
-- rendered with. `lane` separates first attempts from retries.
CREATE TABLE webhook_delivery (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    endpoint_id BLOB NOT NULL,
    event_id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    ordering_key TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'in_flight', 'delivered', 'failed', 'held')),
    lane TEXT NOT NULL CHECK (lane IN ('first', 'retry')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
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

-- Requested replays, in addition to the retry schedule.
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

-- `failure` is the kind of failure, `error` the message of the HTTP client.
CREATE TABLE webhook_attempt (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    delivery_id BLOB NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('automatic', 'manual')),
    url TEXT NOT NULL,
    signature TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    response_status INTEGER,
    failure TEXT CHECK (failure IN ('dns', 'connect', 'tls', 'timeout', 'status', 'redirect', 'forbidden', 'broken', 'setup')),
    error TEXT,
    response_excerpt TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, delivery_id) REFERENCES webhook_delivery (tenant_id, id)
) STRICT;
CREATE INDEX webhook_attempt_by_delivery ON webhook_attempt (tenant_id, delivery_id, started_at, id);
