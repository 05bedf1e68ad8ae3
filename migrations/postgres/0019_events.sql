-- The outbox of events, written in the transaction of the change. `endpoint_id` is set for events about an endpoint.
-- There is no key on `location_id` and `contact_id`: undoing a mapping deletes a location or contact that an import created,
-- and the events about it stay.
CREATE TABLE event (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    sequence BIGINT NOT NULL,
    type TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    target_id UUID,
    customer_id UUID,
    location_id UUID,
    contact_id UUID,
    source_system_id UUID,
    endpoint_id UUID,
    details JSONB NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sequence),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
);
CREATE INDEX event_by_source ON event (tenant_id, source_system_id, sequence);
CREATE INDEX event_by_age ON event (tenant_id, occurred_at);

SELECT protect_tenant_rows('event');
