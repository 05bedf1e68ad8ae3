-- Everything that gives access to an account names the epoch in which it began: sessions, sign-ins that are not complete,
-- links in emails, calendar feeds. Raising the epoch of the account ends all of it.
ALTER TABLE staff_account ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE portal_account ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE partner_account ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE portal_account ADD COLUMN feed_epoch BIGINT NOT NULL DEFAULT 0;
-- The epoch of the account when the link was created, and for a view-as link the staff session that created it.
ALTER TABLE portal_link ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE portal_link ADD COLUMN staff_session BYTEA;

-- Two-factor authentication of staff and partners, as of portal accounts.
ALTER TABLE staff_account ADD COLUMN second_factor BYTEA;
ALTER TABLE staff_account ADD COLUMN second_factor_pending BYTEA;
ALTER TABLE staff_account ADD COLUMN second_factor_step BIGINT;
ALTER TABLE partner_account ADD COLUMN second_factor BYTEA;
ALTER TABLE partner_account ADD COLUMN second_factor_pending BYTEA;
ALTER TABLE partner_account ADD COLUMN second_factor_step BIGINT;

ALTER TABLE portal_recovery_code RENAME COLUMN portal_account_id TO account_id;
CREATE TABLE staff_recovery_code (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, account_id, code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
);
CREATE TABLE partner_recovery_code (
    tenant_id UUID NOT NULL,
    account_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, account_id, code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES partner_account (tenant_id, id)
);

-- The roles whose accounts must use two-factor authentication.
CREATE TABLE two_factor_requirement (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'dispatcher', 'technician', 'auditor', 'partner')),
    PRIMARY KEY (tenant_id, role)
);

-- Emailed links with which staff and partners set a new password. `token_hash` is an HMAC with a key of the server, `token`
-- the encrypted token for the email.
CREATE TABLE password_link (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    staff_account_id UUID,
    partner_account_id UUID,
    epoch BIGINT NOT NULL,
    token_hash BYTEA NOT NULL UNIQUE,
    token BYTEA NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_account_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, partner_account_id) REFERENCES partner_account (tenant_id, id),
    CHECK ((staff_account_id IS NULL) <> (partner_account_id IS NULL))
);
CREATE INDEX password_link_by_staff ON password_link (tenant_id, staff_account_id);
CREATE INDEX password_link_by_partner ON password_link (tenant_id, partner_account_id);

-- Requested links. A row is written for every address, so that the response does not reveal whether an account exists; the
-- worker looks the account up.
CREATE TABLE password_link_request (
    id UUID NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL CHECK (realm IN ('staff', 'partner')),
    email TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

SELECT protect_tenant_rows('staff_recovery_code');
SELECT protect_tenant_rows('partner_recovery_code');
SELECT protect_tenant_rows('two_factor_requirement');
SELECT protect_tenant_rows('password_link');
