-- Everything that gives access to an account names the epoch in which it began: sessions, sign-ins that are not complete,
-- links in emails, calendar feeds. Raising the epoch of the account ends all of it.
ALTER TABLE staff_account ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE portal_account ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE partner_account ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0 CHECK (epoch >= 0);
ALTER TABLE portal_account ADD COLUMN feed_epoch INTEGER NOT NULL DEFAULT 0;
-- The epoch of the account when the link was created, and for a view-as link the staff session that created it.
ALTER TABLE portal_link ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE portal_link ADD COLUMN staff_session BLOB;

-- Two-factor authentication of staff and partners, as of portal accounts.
ALTER TABLE staff_account ADD COLUMN second_factor BLOB;
ALTER TABLE staff_account ADD COLUMN second_factor_pending BLOB;
ALTER TABLE staff_account ADD COLUMN second_factor_step INTEGER;
ALTER TABLE partner_account ADD COLUMN second_factor BLOB;
ALTER TABLE partner_account ADD COLUMN second_factor_pending BLOB;
ALTER TABLE partner_account ADD COLUMN second_factor_step INTEGER;

ALTER TABLE portal_recovery_code RENAME COLUMN portal_account_id TO account_id;
CREATE TABLE staff_recovery_code (
    tenant_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, account_id, code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE TABLE partner_recovery_code (
    tenant_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, account_id, code_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES partner_account (tenant_id, id)
) STRICT;

-- The roles whose accounts must use two-factor authentication.
CREATE TABLE two_factor_requirement (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    role TEXT NOT NULL CHECK (role IN ('admin', 'manager', 'dispatcher', 'technician', 'auditor', 'partner')),
    PRIMARY KEY (tenant_id, role)
) STRICT;

-- Emailed links with which staff and partners set a new password. `token_hash` is an HMAC with a key of the server, `token`
-- the encrypted token for the email.
CREATE TABLE password_link (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    staff_account_id BLOB,
    partner_account_id BLOB,
    epoch INTEGER NOT NULL,
    token_hash BLOB NOT NULL UNIQUE,
    token BLOB NOT NULL,
    expires_at TEXT NOT NULL,
    used_at TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_account_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, partner_account_id) REFERENCES partner_account (tenant_id, id),
    CHECK ((staff_account_id IS NULL) <> (partner_account_id IS NULL))
) STRICT;
CREATE INDEX password_link_by_staff ON password_link (tenant_id, staff_account_id);
CREATE INDEX password_link_by_partner ON password_link (tenant_id, partner_account_id);

-- Requested links. A row is written for every address, so that the response does not reveal whether an account exists; the
-- worker looks the account up.
CREATE TABLE password_link_request (
    id BLOB NOT NULL PRIMARY KEY,
    realm TEXT NOT NULL CHECK (realm IN ('staff', 'partner')),
    email TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
