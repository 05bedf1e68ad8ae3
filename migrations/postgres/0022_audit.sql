-- Internal history. `kind` is a public milestone or an internal entry.
-- There is no key on `location_id`: undoing a mapping deletes a location that an import created, and entries from a time
-- when a target was there stay.
CREATE TABLE timeline_entry (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    customer_id UUID,
    location_id UUID,
    target_id UUID,
    request_id UUID,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX timeline_by_customer ON timeline_entry (tenant_id, customer_id, at, id);
CREATE INDEX timeline_by_target ON timeline_entry (tenant_id, target_id, at, id);
CREATE INDEX timeline_by_request ON timeline_entry (tenant_id, request_id, at, id);

-- Append-only; each row carries the hash of the row before it.
CREATE TABLE audit_entry (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    sequence BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details JSONB NOT NULL,
    previous_hash BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
);
-- Downloads of a report's files.
CREATE INDEX audit_entry_downloads ON audit_entry (tenant_id, subject, sequence) WHERE action = 'attachment.downloaded';

CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only();

SELECT protect_tenant_rows('timeline_entry');
SELECT protect_tenant_rows('audit_entry');
