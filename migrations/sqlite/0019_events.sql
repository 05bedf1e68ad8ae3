-- The outbox of events, written in the transaction of the change. `endpoint_id` is set for events about an endpoint.
-- There is no key on `location_id` and `contact_id`: undoing a mapping deletes a location or contact that an import created,
-- and the events about it stay.
CREATE TABLE event (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    type TEXT NOT NULL,
    ordering_key TEXT NOT NULL,
    target_id BLOB,
    customer_id BLOB,
    location_id BLOB,
    contact_id BLOB,
    source_system_id BLOB,
    endpoint_id BLOB,
    details TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, sequence),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoint (tenant_id, id)
) STRICT;
CREATE INDEX event_by_source ON event (tenant_id, source_system_id, sequence);
CREATE INDEX event_by_age ON event (tenant_id, occurred_at);
