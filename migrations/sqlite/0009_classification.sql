-- Rules that classify incoming requests: `conditions` and the `outcome` they set. `tried_at` is set when the current
-- version was tested on past requests; only then can the rule be enabled (`active_since`).
CREATE TABLE classification_rule (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    conditions TEXT NOT NULL,
    outcome TEXT NOT NULL,
    tried_at TEXT,
    active_since TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX classification_rule_by_position ON classification_rule (tenant_id, position, id);
