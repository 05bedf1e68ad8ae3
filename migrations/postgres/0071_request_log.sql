-- The latest calls of integration clients, so that partners and administrators see what was refused and why. Calls with
-- test keys are stored here too.
CREATE TABLE api_call (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    client_id UUID NOT NULL,
    is_test BOOLEAN NOT NULL,
    called_at TIMESTAMPTZ NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL CHECK (length(path) <= 300),
    status BIGINT NOT NULL CHECK (status BETWEEN 100 AND 599),
    code TEXT,
    duration_ms BIGINT NOT NULL CHECK (duration_ms >= 0),
    request_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, client_id) REFERENCES integration_client (tenant_id, id)
);
CREATE INDEX api_call_by_client ON api_call (tenant_id, client_id, called_at, id);
CREATE INDEX api_call_by_age ON api_call (called_at);

SELECT protect_tenant_rows('api_call');

-- When administrators and partners were last told by email that the endpoint fails.
ALTER TABLE webhook_endpoint ADD COLUMN warned_at TIMESTAMPTZ;
