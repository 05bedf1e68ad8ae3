-- The latest calls of integration clients, so that partners and administrators see what was refused and why. Calls with
-- test keys are stored here too.
CREATE TABLE api_call (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    is_test INTEGER NOT NULL CHECK (is_test IN (0, 1)),
    called_at TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL CHECK (length(path) <= 300),
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    code TEXT,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    request_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
) STRICT;
CREATE INDEX api_call_by_client ON api_call (tenant_id, client_id, called_at, id);
CREATE INDEX api_call_by_age ON api_call (called_at);

-- When administrators and partners were last told by email that the endpoint fails.
ALTER TABLE webhook_endpoint ADD COLUMN warned_at TEXT;
