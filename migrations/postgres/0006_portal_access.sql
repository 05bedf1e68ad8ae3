CREATE TABLE portal_account (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    email TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    locale TEXT CHECK (locale IN ('en', 'de', 'ar')),
    locked_at TIMESTAMPTZ,
    last_sign_in_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    -- An account is created with its invitation; `activated_at` is set when the invitation is accepted. An account without
    -- `password_hash` signs in by emailed links only.
    activated_at TIMESTAMPTZ,
    -- Calendar feed: `feed_hash` is the SHA-256 of its token, `feed_token` the encrypted token for the profile page.
    feed_hash BYTEA,
    feed_token BYTEA,
    -- Two-factor authentication (TOTP, RFC 6238): `second_factor` is the encrypted secret, `second_factor_pending` one that
    -- is not confirmed yet. `second_factor_step` is the last time step that was used, so that no code works twice.
    second_factor BYTEA,
    second_factor_pending BYTEA,
    second_factor_step BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id)
);
CREATE INDEX portal_account_by_email ON portal_account (email);
CREATE INDEX portal_account_by_contact ON portal_account (tenant_id, contact_id);
CREATE UNIQUE INDEX portal_account_by_feed ON portal_account (feed_hash);

-- One row per granted customer (location_id is null) or location.
CREATE TABLE portal_grant (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    portal_account_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    location_id UUID,
    may_submit BOOLEAN NOT NULL,
    may_see_appointments BOOLEAN NOT NULL,
    may_see_reports BOOLEAN NOT NULL,
    may_download BOOLEAN NOT NULL,
    sees_all_requests BOOLEAN NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    valid_until TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    granted_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- `may_manage` allows to invite colleagues within this grant. `granted_by_staff` or `granted_by_account` names who
    -- granted it; `granted_by` is the label in the audit log.
    may_manage BOOLEAN NOT NULL DEFAULT false,
    granted_by_staff UUID,
    granted_by_account UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, granted_by_staff) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, granted_by_account) REFERENCES portal_account (tenant_id, id)
);
CREATE INDEX portal_grant_by_account ON portal_grant (tenant_id, portal_account_id, customer_id);
CREATE INDEX portal_grant_by_customer ON portal_grant (tenant_id, customer_id, portal_account_id);

CREATE TABLE portal_session (
    id_hash BYTEA NOT NULL PRIMARY KEY,
    tenant_id UUID,
    account_id UUID,
    data JSONB NOT NULL,
    web_state TEXT NOT NULL,
    signed_in_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    FOREIGN KEY (tenant_id, account_id) REFERENCES portal_account (tenant_id, id)
);
CREATE INDEX portal_session_by_account ON portal_session (tenant_id, account_id);
CREATE INDEX portal_session_by_expiry ON portal_session (expires_at);

-- Single-use links in emails: invitation, sign-in, new password, new email address. `token_hash` is the SHA-256 of the
-- token, `token` the encrypted token for the email. A new link of the same purpose voids the earlier ones. `created_by` is the
-- member of staff of a view-as link (purpose `look`).
CREATE TABLE portal_link (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    portal_account_id UUID NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('invitation', 'sign_in', 'password', 'email', 'look')),
    token_hash BYTEA NOT NULL,
    token BYTEA NOT NULL,
    email TEXT,
    created_by UUID,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (token_hash),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id)
);
CREATE INDEX portal_link_by_account ON portal_link (tenant_id, portal_account_id, purpose, created_at);

-- Requested links. A row is written for every address, so that the response does not reveal whether an account exists;
-- the worker looks the account up.
CREATE TABLE portal_link_request (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_in', 'password')),
    created_at TIMESTAMPTZ NOT NULL
);

-- Recovery codes of two-factor authentication: single use, stored as hashes.
CREATE TABLE portal_recovery_code (
    tenant_id UUID NOT NULL,
    portal_account_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, portal_account_id, code_hash),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id)
);

SELECT protect_tenant_rows('portal_account');
SELECT protect_tenant_rows('portal_grant');
SELECT protect_tenant_rows('portal_link');
SELECT protect_tenant_rows('portal_recovery_code');
