-- Rules that classify requests on their way in. `conditions` say when one fits, `outcome` what it sets. `tried_at` is set
-- once its present form was tried on past requests; only then can it be switched on (`active_since`).
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

-- `classification` says what the rules decided, which rule it was and why; `region` stands beside it for lists.
-- `receipt_code` is what a terminal's receipt says.
ALTER TABLE request ADD COLUMN region TEXT;
ALTER TABLE request ADD COLUMN classification TEXT;
ALTER TABLE request ADD COLUMN receipt_code TEXT;
-- A rule is tried on what came last.
CREATE INDEX request_by_arrival ON request (tenant_id, submitted_at, id);

-- A device on site, bound to one location and one form. It is paired once with a code (`pairing_hash` finds it,
-- `pairing_code` is the code, encrypted, for whoever reads it to the person on site) and then has a token, of which only
-- the SHA-256 is kept. Without either it is not paired.
CREATE TABLE terminal (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    location_id BLOB NOT NULL,
    form_id BLOB NOT NULL,
    pairing_hash BLOB,
    pairing_code BLOB,
    pairing_expires_at TEXT,
    device_hash BLOB,
    paired_at TEXT,
    last_seen_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (pairing_hash),
    UNIQUE (device_hash),
    FOREIGN KEY (tenant_id, location_id) REFERENCES location (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id)
) STRICT;
CREATE INDEX terminal_by_name ON terminal (tenant_id, name, id);
