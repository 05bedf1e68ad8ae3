-- Tenants, accounts, sessions, customers, integrations. The same tables, in the same order, stand in postgres/0001_core.sql.
-- Every key and every reference starts with tenant_id: a reference across tenants is a constraint error.

CREATE TABLE tenant (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    zone TEXT NOT NULL,
    locale TEXT NOT NULL,
    shows_technician INTEGER NOT NULL,
    is_demo INTEGER NOT NULL,
    -- Set on the twin that holds what test keys send, so that the wall between tenants is also the wall between test and live.
    live_tenant_id BLOB UNIQUE REFERENCES tenant (id),
    created_at TEXT NOT NULL
) STRICT;

-- Numbers that people quote (REQ-1042) and the places of chains (audit, events): one row a counter.
CREATE TABLE counter (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;

CREATE TABLE feature_gate (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    gate TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, gate)
) STRICT;

CREATE TABLE customer (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    customer_number TEXT,
    number_key TEXT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    archived_at TEXT,
    merged_into BLOB,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES customer (tenant_id, id)
) STRICT;
-- Not unique: two records with one number are a mistake of people, which mapping must notice and not hide.
CREATE INDEX customer_by_number ON customer (tenant_id, number_key);
CREATE INDEX customer_by_name ON customer (tenant_id, name_key, id);

CREATE TABLE location (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    name TEXT NOT NULL,
    street TEXT,
    postal_code TEXT,
    city TEXT,
    country TEXT,
    latitude REAL,
    longitude REAL,
    zone TEXT NOT NULL,
    access_notes TEXT,
    archived_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id)
) STRICT;
CREATE INDEX location_by_customer ON location (tenant_id, customer_id, name, id);

CREATE TABLE contact (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    location_id BLOB,
    display_name TEXT NOT NULL,
    email TEXT,
    phone TEXT,
    locale TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id)
) STRICT;
CREATE INDEX contact_by_customer ON contact (tenant_id, customer_id, display_name, id);

CREATE TABLE staff_account (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    email TEXT NOT NULL,
    display_name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    locale TEXT,
    skills TEXT NOT NULL,
    locked_at TEXT,
    last_sign_in_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
) STRICT;
CREATE INDEX staff_account_by_email ON staff_account (email);

CREATE TABLE portal_account (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    contact_id BLOB NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    locale TEXT,
    locked_at TEXT,
    last_sign_in_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
) STRICT;
CREATE INDEX portal_account_by_email ON portal_account (email);

-- One row a granted customer (location_id is null) or location.
CREATE TABLE portal_grant (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    portal_account_id BLOB NOT NULL,
    customer_id BLOB NOT NULL,
    location_id BLOB,
    may_submit INTEGER NOT NULL,
    may_see_appointments INTEGER NOT NULL,
    may_see_reports INTEGER NOT NULL,
    may_download INTEGER NOT NULL,
    sees_all_requests INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    revoked_at TEXT,
    granted_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id)
) STRICT;
CREATE INDEX portal_grant_by_account ON portal_grant (tenant_id, portal_account_id, customer_id);

-- A table for each kind of session: one is never accepted in place of the other. tenant_id and account_id are null
-- before sign-in, when a session only carries what was typed into the sign-in form.
CREATE TABLE staff_session (
    id_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB,
    account_id BLOB,
    data TEXT NOT NULL,
    signed_in_at TEXT,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX staff_session_by_account ON staff_session (tenant_id, account_id);
CREATE INDEX staff_session_by_expiry ON staff_session (expires_at);

CREATE TABLE portal_session (
    id_hash BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB,
    account_id BLOB,
    data TEXT NOT NULL,
    signed_in_at TEXT,
    last_seen_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES portal_account (tenant_id, id)
) STRICT;
CREATE INDEX portal_session_by_account ON portal_session (tenant_id, account_id);
CREATE INDEX portal_session_by_expiry ON portal_session (expires_at);

-- The key is a hash of door, account name and address: it tells nothing about who tried.
CREATE TABLE sign_in_throttle (
    key_hash BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    locked_until TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE source_system (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    key TEXT NOT NULL,
    create_customers INTEGER NOT NULL,
    create_locations INTEGER NOT NULL,
    create_contacts INTEGER NOT NULL,
    auto_update INTEGER NOT NULL,
    customer_required INTEGER NOT NULL,
    problem_policy TEXT NOT NULL,
    duplicate_names TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key)
) STRICT;

-- A partner's people: one account sees one source system and nothing else. Without a password it is an open invitation.
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
    locale TEXT,
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
    is_test INTEGER NOT NULL,
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

-- How often a client called, a row a day: told to the partner and to the staff.
CREATE TABLE api_use (
    tenant_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    day TEXT NOT NULL,
    answered INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    limited INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, client_id, day),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;

CREATE TABLE external_reference (
    tenant_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    entity_type TEXT NOT NULL,
    external_id TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    -- Who decided it: a client by an import or by itself, a member of the staff at the warning desk.
    made_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, source_system_id, entity_type, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX external_reference_by_entity ON external_reference (tenant_id, entity_type, entity_id);
