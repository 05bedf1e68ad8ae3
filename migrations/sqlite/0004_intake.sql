-- Every way in: requests from forms, terminals and callers, with files and a conversation.
-- SQLite cannot take NOT NULL off a column, so `request` is written anew, and with it what refers to it.
ALTER TABLE request RENAME TO request_before;
ALTER TABLE timeline_entry RENAME TO timeline_entry_before;
DROP INDEX request_by_status;
DROP INDEX request_by_customer;
DROP INDEX request_by_target;
DROP INDEX request_by_source;
DROP INDEX timeline_by_customer;
DROP INDEX timeline_by_target;
DROP INDEX timeline_by_request;

-- A public form. `settings` are its fields, texts and the hosts that may embed it. The slug stands in its address, which
-- has no tenant in it, so it is taken once in all.
CREATE TABLE intake_form (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    closed_at TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (slug)
) STRICT;
CREATE INDEX intake_form_by_name ON intake_form (tenant_id, name, id);

-- `customer_id` is empty until a person says whose request it is; only terminals, portal users and clients bring it along.
-- `origin_id` is the form, device or account whose `nonce` makes a repetition recognisable. `requester` and `place` are
-- what somebody without an account typed. `asked_at` is set while an answer of the requester is awaited, `answered_at`
-- once it came. `tracking_hash` is the SHA-256 of the token in the tracking link; `tracking_token` is that token, encrypted, for
-- the mails that carry it. `search_key` is what a search looks through, in the form in which texts are compared.
CREATE TABLE request (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    number INTEGER NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    service_type TEXT NOT NULL,
    priority TEXT NOT NULL,
    description TEXT NOT NULL,
    preferred TEXT,
    customer_id BLOB,
    location_id BLOB,
    contact_id BLOB,
    portal_account_id BLOB,
    rejection_reason TEXT,
    target_id BLOB,
    nonce TEXT,
    source_system_id BLOB,
    external_id TEXT,
    submitted_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    origin_id BLOB,
    form_id BLOB,
    requester TEXT,
    place TEXT,
    preferred_windows TEXT NOT NULL,
    tracking_hash BLOB,
    tracking_token BLOB,
    assignee_id BLOB,
    snoozed_until TEXT,
    asked_at TEXT,
    answered_at TEXT,
    search_key TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    UNIQUE (tenant_id, portal_account_id, nonce),
    UNIQUE (tenant_id, origin_id, nonce),
    UNIQUE (tenant_id, source_system_id, external_id),
    UNIQUE (tracking_hash),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES customer (tenant_id, id),
    FOREIGN KEY (tenant_id, customer_id, location_id) REFERENCES location (tenant_id, customer_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contact (tenant_id, id),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id),
    FOREIGN KEY (tenant_id, source_system_id) REFERENCES source_system (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id),
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
INSERT INTO request (tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id, location_id, contact_id,
    portal_account_id, rejection_reason, target_id, nonce, source_system_id, external_id, submitted_at, updated_at, preferred_windows, search_key)
    SELECT tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id, location_id, contact_id,
    portal_account_id, rejection_reason, target_id, nonce, source_system_id, external_id, submitted_at, updated_at, '[]', lower(description) FROM request_before;
CREATE INDEX request_by_status ON request (tenant_id, status, submitted_at, id);
CREATE INDEX request_by_customer ON request (tenant_id, customer_id, submitted_at, id);
CREATE INDEX request_by_target ON request (tenant_id, target_id);
CREATE INDEX request_by_source ON request (tenant_id, source_system_id, submitted_at, id);
-- The review queue: what waits for dispatch, oldest first.
CREATE INDEX request_waiting ON request (tenant_id, submitted_at, id, snoozed_until) WHERE target_id IS NULL AND status IN ('submitted', 'in_review', 'accepted');
CREATE INDEX request_by_location ON request (tenant_id, location_id, submitted_at, id) WHERE location_id IS NOT NULL;

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
INSERT INTO timeline_entry SELECT tenant_id, id, kind, at, customer_id, location_id, target_id, request_id, actor FROM timeline_entry_before;
CREATE INDEX timeline_by_customer ON timeline_entry (tenant_id, customer_id, at, id);
CREATE INDEX timeline_by_target ON timeline_entry (tenant_id, target_id, at, id);
CREATE INDEX timeline_by_request ON timeline_entry (tenant_id, request_id, at, id);
DROP TABLE timeline_entry_before;
DROP TABLE request_before;

-- Looked up as a hint for whoever says whose request it is.
CREATE INDEX contact_by_email ON contact (tenant_id, lower(email));

-- A file that came with a request. Never released to the portal; whoever sent it knows it anyway.
CREATE TABLE request_attachment (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
CREATE INDEX request_attachment_by_request ON request_attachment (tenant_id, request_id, id);

-- What only the team sees, and what the requester sees: two tables, so that no forgotten condition can mix them.
CREATE TABLE internal_note (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    text TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX internal_note_by_request ON internal_note (tenant_id, request_id, created_at, id);

-- `staff_id` is empty where the requester wrote. `asks` marks a question that waits for an answer.
CREATE TABLE customer_message (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    staff_id BLOB,
    asks INTEGER NOT NULL,
    text TEXT NOT NULL,
    nonce TEXT,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, request_id, nonce),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX customer_message_by_request ON customer_message (tenant_id, request_id, created_at, id);

-- Who has a request open right now.
CREATE TABLE request_presence (
    tenant_id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    seen_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, request_id, staff_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;

-- What a decision changed, for as long as it can be taken back. `earlier` lists each request as it was.
CREATE TABLE decision_undo (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    staff_id BLOB NOT NULL,
    earlier TEXT NOT NULL,
    created_at TEXT NOT NULL,
    used_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
) STRICT;
CREATE INDEX decision_undo_by_age ON decision_undo (created_at);

-- The outbox of mails. `data` is what the words are made of, frozen when it was written; the first try leaves
-- time to take a decision back. `claim` belongs to the worker that sends it until `claimed_until`.
CREATE TABLE mail (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    locale TEXT NOT NULL,
    data TEXT NOT NULL,
    request_id BLOB,
    undo_id BLOB,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at TEXT NOT NULL,
    claim BLOB,
    claimed_until TEXT,
    last_error TEXT,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX mail_by_age ON mail (tenant_id, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant_id, recipient, created_at);
CREATE INDEX mail_by_undo ON mail (tenant_id, undo_id) WHERE undo_id IS NOT NULL;

-- Requests about which no more mails are wanted. Whoever has the link says so for that request and for no other.
CREATE TABLE mail_refusal (
    tenant_id BLOB NOT NULL,
    request_id BLOB NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, request_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
) STRICT;
