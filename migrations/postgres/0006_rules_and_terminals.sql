-- Rules that classify requests on their way in. `conditions` say when one fits, `outcome` what it sets. `tried_at` is set
-- once its present form was tried on past requests; only then can it be switched on (`active_since`).
CREATE TABLE classification_rule (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    conditions JSONB NOT NULL,
    outcome JSONB NOT NULL,
    tried_at TIMESTAMPTZ,
    active_since TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX classification_rule_by_position ON classification_rule (tenant_id, position, id);

-- `classification` says what the rules decided, which rule it was and why; `region` stands beside it for lists.
-- `receipt_code` is what a terminal's receipt says.
ALTER TABLE request
    ADD COLUMN region TEXT,
    ADD COLUMN classification JSONB,
    ADD COLUMN receipt_code TEXT;
-- A rule is tried on what came last.
CREATE INDEX request_by_arrival ON request (tenant_id, submitted_at, id);

-- A device on site, bound to one location and one form. It is paired once with a code (`pairing_hash` finds it,
-- `pairing_code` is the code, encrypted, for whoever reads it to the person on site) and then has a token, of which only
-- the SHA-256 is kept. Without either it is not paired.
CREATE TABLE terminal (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    name TEXT NOT NULL,
    location_id UUID NOT NULL,
    form_id UUID NOT NULL,
    pairing_hash BYTEA,
    pairing_code BYTEA,
    pairing_expires_at TIMESTAMPTZ,
    device_hash BYTEA,
    paired_at TIMESTAMPTZ,
    last_seen_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (pairing_hash),
    UNIQUE (device_hash),
    FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id)
);
CREATE INDEX terminal_by_name ON terminal (tenant_id, name, id);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['classification_rule', 'terminal'] LOOP
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
