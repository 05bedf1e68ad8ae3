-- The outbox of emails. `data` is the frozen content of the text; `next_attempt_at` leaves time to undo a decision. `claim`
-- belongs to the worker that sends the email until `claimed_until`.
CREATE TABLE mail (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    locale TEXT NOT NULL CHECK (locale IN ('en', 'de', 'ar')),
    data JSONB NOT NULL,
    request_id UUID,
    undo_id UUID,
    status TEXT NOT NULL CHECK (status IN ('waiting', 'sent', 'failed', 'cancelled', 'refused')),
    attempts BIGINT NOT NULL CHECK (attempts >= 0),
    next_attempt_at TIMESTAMPTZ NOT NULL,
    claim UUID,
    claimed_until TIMESTAMPTZ,
    last_error TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ,
    link_id UUID,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX mail_due ON mail (next_attempt_at) WHERE status = 'waiting';
CREATE INDEX mail_by_age ON mail (tenant_id, created_at, id);
CREATE INDEX mail_by_recipient ON mail (tenant_id, recipient, created_at);
CREATE INDEX mail_by_undo ON mail (tenant_id, undo_id) WHERE undo_id IS NOT NULL;

-- Requests whose requester has unsubscribed from emails.
CREATE TABLE mail_unsubscribe (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, request_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);

SELECT protect_tenant_rows('mail');
SELECT protect_tenant_rows('mail_unsubscribe');
