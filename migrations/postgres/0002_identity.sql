CREATE TABLE tenant (
    id UUID NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'de', 'ar')),
    shows_technician BOOLEAN NOT NULL,
    is_demo BOOLEAN NOT NULL,
    -- Set on the sandbox that holds the data of test keys: test and live data are separated like two tenants.
    live_tenant_id UUID UNIQUE REFERENCES tenant (id),
    created_at TIMESTAMPTZ NOT NULL
);

-- Counters for numbers that people quote (REQ-1042) and for sequences (audit log, events).
CREATE TABLE counter (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE staff_account (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'dispatcher', 'technician', 'auditor')),
    password_hash TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    skills JSONB NOT NULL,
    locked_at TIMESTAMPTZ,
    last_sign_in_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
);
CREATE INDEX staff_account_by_email ON staff_account (email);

-- One table for each kind of session, so that one is never accepted in place of another. tenant_id and account_id are
-- null before sign-in. data is what the session may do; web_state holds the messages for the next page.
CREATE TABLE staff_session (
    id_hash BYTEA NOT NULL PRIMARY KEY,
    tenant_id UUID,
    account_id UUID,
    data JSONB NOT NULL,
    web_state TEXT NOT NULL,
    signed_in_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX staff_session_by_account ON staff_session (tenant_id, account_id);
CREATE INDEX staff_session_by_expiry ON staff_session (expires_at);

-- The key is a hash of realm, email and network address, so that the table reveals no account.
CREATE TABLE sign_in_throttle (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL CHECK (failures >= 0),
    locked_until TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);

SELECT protect_tenant_rows('counter');
SELECT protect_tenant_rows('staff_account');
