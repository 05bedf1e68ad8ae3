-- Answers that nobody has read yet, whatever became of the request meanwhile.
CREATE INDEX request_answered ON request (tenant_id, submitted_at, id) WHERE answered_at IS NOT NULL;

-- Times that dispatch proposes for a job that somebody asked for. `status` is open, chosen, withdrawn or replaced; one that
-- is open after `expires_at` has expired.
CREATE TABLE slot_offer (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    status TEXT NOT NULL,
    zone TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    offered_by BLOB NOT NULL,
    chosen_position INTEGER,
    created_at TEXT NOT NULL,
    decided_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, offered_by) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX slot_offer_by_request ON slot_offer (tenant_id, request_id, created_at);
CREATE UNIQUE INDEX slot_offer_one_open ON slot_offer (tenant_id, target_id) WHERE status = 'open';

CREATE TABLE slot_option (
    tenant_id BLOB NOT NULL,
    offer_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    technician_id BLOB NOT NULL,
    starts_at TEXT NOT NULL,
    ends_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, offer_id, position),
    FOREIGN KEY (tenant_id, offer_id) REFERENCES slot_offer (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
