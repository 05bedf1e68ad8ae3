-- Row-level security: the second wall behind the tenant filter of every statement. Each transaction names its tenant in
-- `ordinavo.tenant`. A statement without a tenant filter finds no row of another tenant, and a transaction that names no
-- tenant finds no row at all. Only sign-in, key look-up, worker claims and administration set `*`, because they have to
-- find the tenant first.
CREATE FUNCTION protect_tenant_rows(protected_table TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', protected_table);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', protected_table);
    EXECUTE format(
        'CREATE POLICY tenant_wall ON %I USING (CASE current_setting(''ordinavo.tenant'', true) '
        'WHEN ''*'' THEN true WHEN '''' THEN false ELSE tenant_id = current_setting(''ordinavo.tenant'', true)::uuid END)',
        protected_table
    );
END
$$;

-- One row that the readiness check rewrites, because a full disk or a read-only file still answers reads.
CREATE TABLE write_probe (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    written_at TIMESTAMPTZ NOT NULL
);
