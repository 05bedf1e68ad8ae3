CREATE TABLE feature_gate (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    gate TEXT NOT NULL CHECK (gate IN ('customer_auto_create', 'customer_auto_update')),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    PRIMARY KEY (tenant_id, gate)
) STRICT;

CREATE TABLE source_system (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    key TEXT NOT NULL,
    create_customers INTEGER NOT NULL CHECK (create_customers IN (0, 1)),
    create_locations INTEGER NOT NULL CHECK (create_locations IN (0, 1)),
    create_contacts INTEGER NOT NULL CHECK (create_contacts IN (0, 1)),
    auto_update INTEGER NOT NULL CHECK (auto_update IN (0, 1)),
    customer_required INTEGER NOT NULL CHECK (customer_required IN (0, 1)),
    problem_policy TEXT NOT NULL CHECK (problem_policy IN ('review', 'reject')),
    duplicate_names TEXT NOT NULL CHECK (duplicate_names IN ('warn', 'block')),
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key)
) STRICT;

-- Accounts of a partner's staff: each sees one source system. An account without a password is an open invitation.
CREATE TABLE partner_account (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    invitation_hash BLOB UNIQUE,
    invitation_expires_at TEXT,
    invited_by TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    locked_at TEXT,
    last_sign_in_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX partner_account_by_email ON partner_account (email);
CREATE INDEX partner_account_by_source ON partner_account (tenant_id, source_system_id, display_name);

CREATE TABLE partner_session (
    id_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB,
    account_id BLOB,
    data TEXT NOT NULL,
    web_state TEXT NOT NULL,
    signed_in_at TEXT,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES partner_account (tenant_id, id)
) STRICT;
CREATE INDEX partner_session_by_account ON partner_session (tenant_id, account_id);
CREATE INDEX partner_session_by_expiry ON partner_session (expires_at);

CREATE TABLE integration_client (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    source_system_id BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;

CREATE TABLE api_key (
    tenant_id BLOB NOT NULL,
    public_id TEXT NOT NULL PRIMARY KEY,
    client_id BLOB NOT NULL,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    secret_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT,
    revoked_at TEXT,
    last_used_at TEXT,
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX api_key_by_client ON api_key (tenant_id, client_id);

-- Secrets of the OAuth client credentials grant; up to two at a time, for rotation.
CREATE TABLE client_secret (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    secret_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    revoked_at TEXT,
    last_used_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX client_secret_by_client ON client_secret (tenant_id, client_id);

CREATE TABLE access_token (
    token_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    scopes TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX access_token_by_expiry ON access_token (expires_at);
CREATE INDEX access_token_by_client ON access_token (tenant_id, client_id);

-- API calls of a client, one row per day.
CREATE TABLE api_use (
    tenant_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    day TEXT NOT NULL,
    answered INTEGER NOT NULL CHECK (answered >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    limited INTEGER NOT NULL CHECK (limited >= 0),
    PRIMARY KEY (tenant_id, client_id, day),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;

CREATE TABLE idempotency_key (
    tenant_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    response_status INTEGER NOT NULL CHECK (response_status BETWEEN 100 AND 599),
    response_location TEXT,
    response_body TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, client_id, route, key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);
