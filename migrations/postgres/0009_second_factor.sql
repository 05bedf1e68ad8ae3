-- A second step when signing in to the portal, for whoever wants one. `second_factor` is the secret that the person's
-- app shares with us, encrypted; `second_factor_pending` the one that was shown and not confirmed yet. A code counts for a
-- step of thirty seconds: `second_factor_step` is the last one that was used, so that no code works twice.
ALTER TABLE portal_account ADD COLUMN second_factor BYTEA;
ALTER TABLE portal_account ADD COLUMN second_factor_pending BYTEA;
ALTER TABLE portal_account ADD COLUMN second_factor_step BIGINT;

-- Codes for the day on which the phone is lost: each works once, and only its hash is kept.
CREATE TABLE portal_recovery_code (
    tenant_id UUID NOT NULL,
    portal_account_id UUID NOT NULL,
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, portal_account_id, code_hash),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id)
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['portal_recovery_code'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant_wall ON %I USING (CASE current_setting(''ordinavo.tenant'', true) '
            'WHEN ''*'' THEN true WHEN '''' THEN false ELSE tenant_id = current_setting(''ordinavo.tenant'', true)::uuid END)',
            name
        );
    END LOOP;
END
$$;
