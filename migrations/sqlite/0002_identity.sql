CREATE TABLE tenant (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'de', 'ar')),
    shows_technician INTEGER NOT NULL CHECK (shows_technician IN (0, 1)),
    is_demo INTEGER NOT NULL CHECK (is_demo IN (0, 1)),
    -- Set on the sandbox that holds the data of test keys: test and live data are separated like two tenants.
    live_tenant_id BLOB UNIQUE REFERENCES tenant (id),
    created_at TEXT NOT NULL
) STRICT;

-- Counters for numbers that people quote (REQ-1042) and for sequences (audit log, events).
CREATE TABLE counter (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;

CREATE TABLE staff_account (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'dispatcher', 'technician', 'auditor')),
    password_hash TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    skills TEXT NOT NULL,
    locked_at TEXT,
    last_sign_in_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
) STRICT;
CREATE INDEX staff_account_by_email ON staff_account (email);

-- One table for each kind of session, so that one is never accepted in place of another. tenant_id and account_id are
-- null before sign-in. data is what the session may do; web_state holds the messages for the next page.
CREATE TABLE staff_session (
    id_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB,
    account_id BLOB,
    data TEXT NOT NULL,
    web_state TEXT NOT NULL,
    signed_in_at TEXT,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX staff_session_by_account ON staff_session (tenant_id, account_id);
CREATE INDEX staff_session_by_expiry ON staff_session (expires_at);

-- The key is a hash of realm, email and network address, so that the table reveals no account.
CREATE TABLE sign_in_throttle (
    key_hash BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures >= 0),
    locked_until TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;
