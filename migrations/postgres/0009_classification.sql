-- Rules that classify incoming requests: `conditions` and the `outcome` they set. `tried_at` is set when the current
-- version was tested on past requests; only then can the rule be enabled (`active_since`).
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

SELECT protect_tenant_rows('classification_rule');
