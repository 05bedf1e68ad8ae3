CREATE TABLE external_reference (
    tenant_id BLOB NOT NULL,
    source_system_id BLOB NOT NULL,
    entity_type TEXT NOT NULL CHECK (entity_type IN ('customer', 'location', 'contact')),
    external_id TEXT NOT NULL,
    entity_id BLOB NOT NULL,
    -- Who created it: a client by an import or by the API, or a member of staff in mapping review.
    created_by TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, source_system_id, entity_type, external_id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id)
) STRICT;
CREATE INDEX external_reference_by_entity ON external_reference (tenant_id, entity_type, entity_id);
