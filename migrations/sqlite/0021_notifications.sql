-- The outbox of emails. `data` is the frozen content of the text; `next_attempt_at` leaves time to undo a decision. `claim`
-- belongs to the worker that sends the email until `claimed_until`.
CREATE TABLE mail (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'de', 'ar')),
    data TEXT NOT NULL,
    request_id BLOB,
    undo_id BLOB,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled', 'refused')),
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    next_attempt_at TEXT NOT NULL,
    claim BLOB,
    claimed_until TEXT,
    last_error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    link_id BLOB,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX mail_by_age ON mail (tenant_id, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant_id, recipient, created_at);
CREATE INDEX mail_by_undo ON mail (tenant_id, undo_id) WHERE undo_id IS NOT NULL;

-- Requests whose requester has unsubscribed from emails.
CREATE TABLE mail_unsubscribe (
    tenant_id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, request_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
