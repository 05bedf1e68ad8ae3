-- Internal history. `kind` is a public milestone or an internal entry.
-- There is no key on `location_id`: undoing a mapping deletes a location that an import created, and entries from a time
-- when a target was there stay.
CREATE TABLE timeline_entry (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    customer_id BLOB,
    location_id BLOB,
    target_id BLOB,
    request_id BLOB,
    actor TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
CREATE INDEX timeline_by_customer ON timeline_entry (tenant_id, customer_id, at, id);
CREATE INDEX timeline_by_target ON timeline_entry (tenant_id, target_id, at, id);
CREATE INDEX timeline_by_request ON timeline_entry (tenant_id, request_id, at, id);

-- Append-only; each row carries the hash of the row before it.
CREATE TABLE audit_entry (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    sequence INTEGER NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (tenant_id, sequence)
) STRICT;
-- Downloads of a report's files.
CREATE INDEX audit_entry_downloads ON audit_entry (tenant_id, subject, sequence) WHERE action = 'attachment.downloaded';

CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
