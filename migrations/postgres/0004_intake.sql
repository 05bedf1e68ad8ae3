-- Every way in: requests from forms, terminals and callers, with files and a conversation.
-- A public form. `settings` are its fields, texts and the hosts that may embed it. The slug stands in its address, which
-- has no tenant in it, so it is taken once in all.
CREATE TABLE intake_form (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    settings JSONB NOT NULL,
    closed_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (slug)
);
CREATE INDEX intake_form_by_name ON intake_form (tenant_id, name, id);

-- `customer_id` is empty until a person says whose request it is; only terminals, portal users and clients bring it along.
-- `origin_id` is the form, device or account whose `nonce` makes a repetition recognisable. `requester` and `place` are
-- what somebody without an account typed. `asked_at` is set while an answer of the requester is awaited, `answered_at`
-- once it came. `tracking_hash` is the SHA-256 of the token in the tracking link; `tracking_token` is that token, encrypted, for
-- the mails that carry it. `search_key` is what a search looks through, in the form in which texts are compared.
ALTER TABLE request ALTER COLUMN customer_id DROP NOT NULL;
ALTER TABLE request
    ADD COLUMN origin_id UUID,
    ADD COLUMN form_id UUID,
    ADD COLUMN requester JSONB,
    ADD COLUMN place JSONB,
    ADD COLUMN preferred_windows JSONB NOT NULL DEFAULT '[]',
    ADD COLUMN tracking_hash BYTEA,
    ADD COLUMN tracking_token BYTEA,
    ADD COLUMN assignee_id UUID,
    ADD COLUMN snoozed_until TIMESTAMPTZ,
    ADD COLUMN asked_at TIMESTAMPTZ,
    ADD COLUMN answered_at TIMESTAMPTZ,
    ADD COLUMN search_key TEXT NOT NULL DEFAULT '',
    ADD CONSTRAINT request_tenant_id_origin_id_nonce_key UNIQUE (tenant_id, origin_id, nonce),
    ADD CONSTRAINT request_tracking_hash_key UNIQUE (tracking_hash),
    ADD FOREIGN KEY (tenant_id, form_id) REFERENCES intake_form (tenant_id, id),
    ADD FOREIGN KEY (tenant_id, assignee_id) REFERENCES staff_account (tenant_id, id);
ALTER TABLE request ALTER COLUMN preferred_windows DROP DEFAULT, ALTER COLUMN search_key DROP DEFAULT;
-- The wall holds for this step too.
SELECT set_config('ordinavo.tenant', '*', true);
UPDATE request SET search_key = lower(description);
-- The review queue: what waits for dispatch, oldest first.
CREATE INDEX request_waiting ON request (tenant_id, submitted_at, id, snoozed_until) WHERE target_id IS NULL AND status IN ('submitted', 'in_review', 'accepted');
CREATE INDEX request_by_location ON request (tenant_id, location_id, submitted_at, id) WHERE location_id IS NOT NULL;

-- Looked up as a hint for whoever says whose request it is.
CREATE INDEX contact_by_email ON contact (tenant_id, lower(email));

-- A file that came with a request. Never released to the portal; whoever sent it knows it anyway.
CREATE TABLE request_attachment (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    content_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX request_attachment_by_request ON request_attachment (tenant_id, request_id, id);

-- What only the team sees, and what the requester sees: two tables, so that no forgotten condition can mix them.
CREATE TABLE internal_note (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    text TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX internal_note_by_request ON internal_note (tenant_id, request_id, created_at, id);

-- `staff_id` is empty where the requester wrote. `asks` marks a question that waits for an answer.
CREATE TABLE customer_message (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    staff_id UUID,
    asks BOOLEAN NOT NULL,
    text TEXT NOT NULL,
    nonce TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, request_id, nonce),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX customer_message_by_request ON customer_message (tenant_id, request_id, created_at, id);

-- Who has a request open right now.
CREATE TABLE request_presence (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, request_id, staff_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);

-- What a decision changed, for as long as it can be taken back. `earlier` lists each request as it was.
CREATE TABLE decision_undo (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    staff_id UUID NOT NULL,
    earlier JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX decision_undo_by_age ON decision_undo (created_at);

-- The outbox of mails. `data` is what the words are made of, frozen when it was written; the first try leaves
-- time to take a decision back. `claim` belongs to the worker that sends it until `claimed_until`.
CREATE TABLE mail (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    locale TEXT NOT NULL,
    data JSONB NOT NULL,
    request_id UUID,
    undo_id UUID,
    status TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX mail_by_age ON mail (tenant_id, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant_id, recipient, created_at);
CREATE INDEX mail_by_undo ON mail (tenant_id, undo_id) WHERE undo_id IS NOT NULL;

-- Requests about which no more mails are wanted. Whoever has the link says so for that request and for no other.
CREATE TABLE mail_refusal (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, request_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'intake_form', 'request_attachment', 'internal_note', 'customer_message', 'request_presence', 'decision_undo', 'mail', 'mail_refusal'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant_wall ON %I USING (CASE current_setting(''ordinavo.tenant'', true) '
            'WHEN ''*'' THEN true WHEN '''' THEN false ELSE tenant_id = current_setting(''ordinavo.tenant'', true)::uuid END)',
            name
        );
    END LOOP;
END
$$;
