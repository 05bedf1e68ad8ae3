-- `customer_id` is null until staff assign a customer; terminals, portal users and clients provide it. `nonce` makes a
-- repeated submission of the same form, device or account (`origin_id`) recognizable. `requester` and `place` are what an
-- anonymous requester entered. `asked_at` is set while a reply is awaited, `answered_at` once it has arrived.
-- `tracking_hash` is the SHA-256 of the token in the tracking link, `tracking_token` the encrypted token for emails.
-- `search_key` is the normalized text for searches.
CREATE TABLE request (
    tenant_id UUID NOT NULL REFERENCES tenant (id),
    id UUID NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    channel TEXT NOT NULL CHECK (channel IN ('api', 'web_form', 'portal', 'terminal', 'staff')),
    status TEXT NOT NULL CHECK (status IN ('submitted', 'in_review', 'accepted', 'planned', 'rejected', 'cancelled')),
    service_type TEXT NOT NULL CHECK (service_type IN ('repair', 'maintenance', 'inspection', 'installation', 'support')),
    priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    description TEXT NOT NULL,
    preferred TEXT,
    customer_id UUID,
    location_id UUID,
    contact_id UUID,
    portal_account_id UUID,
    rejection_reason TEXT,
    target_id UUID,
    nonce TEXT,
    source_system_id UUID,
    external_id TEXT,
    submitted_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    origin_id UUID,
    form_id UUID,
    requester JSONB,
    place JSONB,
    preferred_windows JSONB NOT NULL,
    tracking_hash BYTEA,
    tracking_token BYTEA,
    assignee_id UUID,
    snoozed_until TIMESTAMPTZ,
    asked_at TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    search_key TEXT NOT NULL,
    -- `classification` is the decision of the rules with its reasons; `region` is copied from it for lists.
    -- `receipt_code` is printed on the receipt of a terminal.
    region TEXT,
    classification JSONB,
    receipt_code TEXT,
    -- When the customer requested to cancel a request that is already a job; dispatch decides.
    cancellation_requested_at TIMESTAMPTZ,
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
);
CREATE INDEX request_by_status ON request (tenant_id, status, submitted_at, id);
CREATE INDEX request_by_customer ON request (tenant_id, customer_id, submitted_at, id);
CREATE INDEX request_by_target ON request (tenant_id, target_id);
CREATE INDEX request_by_source ON request (tenant_id, source_system_id, submitted_at, id);
-- The inbox, oldest first.
CREATE INDEX request_waiting ON request (tenant_id, submitted_at, id, snoozed_until) WHERE target_id IS NULL AND status IN ('submitted', 'in_review', 'accepted');
CREATE INDEX request_by_location ON request (tenant_id, location_id, submitted_at, id) WHERE location_id IS NOT NULL;
-- Unread replies, in any state of the request.
CREATE INDEX request_answered ON request (tenant_id, submitted_at, id) WHERE answered_at IS NOT NULL;
-- Rules are tested on the latest requests.
CREATE INDEX request_by_arrival ON request (tenant_id, submitted_at, id);

-- Files of a request. They are not part of a release; the sender has them.
CREATE TABLE request_attachment (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    file_name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    content_hash BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id)
);
CREATE INDEX request_attachment_by_request ON request_attachment (tenant_id, request_id, id);

-- Internal notes and customer messages are two tables, so that no missing condition can mix them.
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

-- `staff_id` is null for messages of the requester. `asks` marks a question that awaits a reply.
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

-- Staff who have a request open at the moment.
CREATE TABLE request_presence (
    tenant_id UUID NOT NULL,
    request_id UUID NOT NULL,
    staff_id UUID NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, request_id, staff_id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff_account (tenant_id, id)
);

-- What a decision changed, while it can be undone. `earlier` holds the previous state of each request.
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

-- Times that dispatch offers for a requested job. `status` is open, chosen, withdrawn or replaced; an open offer past
-- `expires_at` has expired.
CREATE TABLE slot_offer (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    target_id UUID NOT NULL,
    status TEXT NOT NULL,
    zone TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    offered_by UUID NOT NULL,
    chosen_position BIGINT,
    created_at TIMESTAMPTZ NOT NULL,
    decided_at TIMESTAMPTZ,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, request_id) REFERENCES request (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id),
    FOREIGN KEY (tenant_id, offered_by) REFERENCES staff_account (tenant_id, id)
);
CREATE INDEX slot_offer_by_request ON slot_offer (tenant_id, request_id, created_at);
CREATE UNIQUE INDEX slot_offer_one_open ON slot_offer (tenant_id, target_id) WHERE status = 'open';

CREATE TABLE slot_option (
    tenant_id UUID NOT NULL,
    offer_id UUID NOT NULL,
    position BIGINT NOT NULL CHECK (position >= 0),
    technician_id UUID NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, offer_id, position),
    FOREIGN KEY (tenant_id, offer_id) REFERENCES slot_offer (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);

SELECT protect_tenant_rows('request');
SELECT protect_tenant_rows('request_attachment');
SELECT protect_tenant_rows('internal_note');
SELECT protect_tenant_rows('customer_message');
SELECT protect_tenant_rows('request_presence');
SELECT protect_tenant_rows('decision_undo');
SELECT protect_tenant_rows('slot_offer');
SELECT protect_tenant_rows('slot_option');
