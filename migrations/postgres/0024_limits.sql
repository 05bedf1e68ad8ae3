-- Networks from which an account signed in. The key is a hash of kind, account and network, so that the table reveals none.
CREATE TABLE known_network (
    key_hash BYTEA NOT NULL PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX known_network_by_age ON known_network (seen_at);

-- Invitations of an inviter by day.
CREATE TABLE invitation_count (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    actor TEXT NOT NULL,
    day DATE NOT NULL,
    invitations BIGINT NOT NULL CHECK (invitations > 0),
    PRIMARY KEY (tenant_id, actor, day)
);

SELECT protect_tenant_rows('invitation_count');
