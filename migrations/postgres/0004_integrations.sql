CREATE TABLE feature_gate (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    gate TEXT NOT NULL CHECK (gate IN ('customer_auto_create', 'customer_auto_update')),
    enabled BOOLEAN NOT NULL,
    PRIMARY KEY (tenant_id, gate)
);

CREATE TABLE source_system (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    key TEXT NOT NULL,
    create_customers BOOLEAN NOT NULL,
    create_locations BOOLEAN NOT NULL,
    create_contacts BOOLEAN NOT NULL,
    auto_update BOOLEAN NOT NULL,
    customer_required BOOLEAN NOT NULL,
    problem_policy TEXT NOT NULL CHECK (problem_policy IN ('review', 'reject')),
    duplicate_names TEXT NOT NULL CHECK (duplicate_names IN ('warn', 'block')),
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key)
);

-- Accounts of a partner's staff: each sees one source system. An account without a password is an open invitation.
CREATE TABLE partner_account (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    source_system_id UUID NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    password_hash TEXT,
    invitation_hash BYTEA UNIQUE,
    invitation_expires_at TIMESTAMPTZ,
    invited_by TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    locked_at TIMESTAMPTZ,
    last_sign_in_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);
CREATE INDEX partner_account_by_email ON partner_account (email);
CREATE INDEX partner_account_by_source ON partner_account (tenant_id, source_system_id, display_name);

CREATE TABLE partner_session (
    id_hash BYTEA NOT NULL PRIMARY KEY,
    tenant_id UUID,
    account_id UUID,
    data JSONB NOT NULL,
    web_state TEXT NOT NULL,
    signed_in_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES partner_account (tenant_id, id)
);
CREATE INDEX partner_session_by_account ON partner_session (tenant_id, account_id);
CREATE INDEX partner_session_by_expiry ON partner_session (expires_at);

CREATE TABLE integration_client (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL,
    source_system_id UUID NOT NULL,
    scopes JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);

CREATE TABLE api_key (
    tenant_id UUID NOT NULL,
    public_id TEXT NOT NULL PRIMARY KEY,
    client_id UUID NOT NULL,
    is_test BOOLEAN NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ,
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX api_key_by_client ON api_key (tenant_id, client_id);

-- Secrets of the OAuth client credentials grant; up to two at a time, for rotation.
CREATE TABLE client_secret (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX client_secret_by_client ON client_secret (tenant_id, client_id);

CREATE TABLE access_token (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    tenant_id UUID NOT NULL,
    client_id UUID NOT NULL,
    scopes JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX access_token_by_expiry ON access_token (expires_at);
CREATE INDEX access_token_by_client ON access_token (tenant_id, client_id);

-- API calls of a client, one row per day.
CREATE TABLE api_use (
    tenant_id UUID NOT NULL,
    client_id UUID NOT NULL,
    day TEXT NOT NULL,
    answered BIGINT NOT NULL CHECK (answered >= 0),
    refused BIGINT NOT NULL CHECK (refused >= 0),
    limited BIGINT NOT NULL CHECK (limited >= 0),
    PRIMARY KEY (tenant_id, client_id, day),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);

CREATE TABLE idempotency_key (
    tenant_id UUID NOT NULL,
    client_id UUID NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    response_status BIGINT NOT NULL CHECK (response_status BETWEEN 100 AND 599),
    response_location TEXT,
    response_body TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, client_id, route, key),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at);

SELECT protect_tenant_rows('feature_gate');
SELECT protect_tenant_rows('source_system');
SELECT protect_tenant_rows('partner_account');
SELECT protect_tenant_rows('integration_client');
SELECT protect_tenant_rows('api_key');
SELECT protect_tenant_rows('client_secret');
SELECT protect_tenant_rows('access_token');
SELECT protect_tenant_rows('api_use');
SELECT protect_tenant_rows('idempotency_key');
