-- What a report says besides its text, and when it was written on a phone that had no network.
ALTER TABLE visit_report ADD COLUMN material TEXT;
ALTER TABLE visit_report ADD COLUMN signed_by TEXT;
ALTER TABLE visit_report ADD COLUMN signature TEXT;
ALTER TABLE visit_report ADD COLUMN written_at TEXT;

-- What a phone has sent of My day, each under a key that the phone has made, so that nothing is taken twice. What did not fit what had happened meanwhile is kept whole until somebody decides. Photos come before the report that has them.
CREATE TABLE day_entry (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    misfit TEXT,
    form TEXT,
    noted_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seen_from TEXT,
    seen_until TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
CREATE INDEX day_entry_open ON day_entry (tenant_id, technician_id, target_id, received_at, id) WHERE state = 'waiting';
CREATE INDEX day_entry_handed_over ON day_entry (tenant_id, target_id, received_at, id) WHERE state = 'handed_over';
CREATE INDEX day_entry_age ON day_entry (received_at) WHERE state NOT IN ('waiting', 'handed_over');

CREATE TABLE day_photo (
    tenant_id BLOB NOT NULL,
    entry_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    technician_id BLOB NOT NULL,
    file_name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, entry_id, position),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX day_photo_age ON day_photo (created_at);

