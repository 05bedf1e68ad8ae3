-- How a tenant's portal looks and speaks. `words` are its own words on top of the built-in dictionary; `revision` counts
-- their changes, so that two people cannot overwrite each other. `version` stands in the addresses of style sheet and logo
-- and is a new one with every change of them, so that browsers may keep both for ever.
CREATE TABLE portal_look (
    tenant_id UUID NOT NULL PRIMARY KEY REFERENCES tenant (id),
    words JSONB NOT NULL,
    revision BIGINT NOT NULL,
    colour TEXT,
    logo BYTEA,
    version TEXT NOT NULL UNIQUE,
    updated_at TIMESTAMPTZ NOT NULL
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['portal_look'] LOOP
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
