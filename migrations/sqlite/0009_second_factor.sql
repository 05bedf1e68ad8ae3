-- A second step when signing in to the portal, for whoever wants one. `second_factor` is the secret that the person's
-- app shares with us, encrypted; `second_factor_pending` the one that was shown and not confirmed yet. A code counts for a
-- step of thirty seconds: `second_factor_step` is the last one that was used, so that no code works twice.
ALTER TABLE portal_account ADD COLUMN second_factor BLOB;
ALTER TABLE portal_account ADD COLUMN second_factor_pending BLOB;
ALTER TABLE portal_account ADD COLUMN second_factor_step INTEGER;

-- Codes for the day on which the phone is lost: each works once, and only its hash is kept.
CREATE TABLE portal_recovery_code (
    tenant_id BLOB NOT NULL,
    portal_account_id BLOB NOT NULL,
    code_hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, portal_account_id, code_hash),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id)
) STRICT;
