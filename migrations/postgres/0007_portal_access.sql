-- Who may enter the portal. An account is made with its invitation; `activated_at` is set when it is accepted. An empty
-- `password_hash` means that there is no password: such an account signs in by mailed links only.
ALTER TABLE portal_account ADD COLUMN activated_at TIMESTAMPTZ;
-- The wall holds for this step too.
SELECT set_config('ordinavo.tenant', '*', true);
UPDATE portal_account SET activated_at = created_at;
CREATE INDEX portal_account_by_contact ON portal_account (tenant_id, contact_id);

-- `may_manage` lets a customer's own people invite colleagues within this very grant. One of the two columns names who
-- granted it, for whoever reads the list; `granted_by` stays the label of the audit log.
ALTER TABLE portal_grant ADD COLUMN may_manage BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE portal_grant ADD COLUMN granted_by_staff UUID;
ALTER TABLE portal_grant ADD COLUMN granted_by_account UUID;
CREATE INDEX portal_grant_by_customer ON portal_grant (tenant_id, customer_id, portal_account_id);

-- Links in mails that work once: invitations, signing in, a new password, a new address (`email`). The SHA-256 of the token
-- finds it; `token` is the token, encrypted, for the mail that carries it. The newest of a purpose ends the ones before.
-- `made_by` is the member of the staff who looks at the portal as this account (`look`).
CREATE TABLE portal_link (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    portal_account_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    token BYTEA NOT NULL,
    email TEXT,
    made_by UUID,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (token_hash),
    FOREIGN KEY (tenant_id, portal_account_id) REFERENCES portal_account (tenant_id, id)
);
CREATE INDEX portal_link_by_account ON portal_link (tenant_id, portal_account_id, purpose, created_at);
ALTER TABLE mail ADD COLUMN link_id UUID;

-- The address of a calendar that can be subscribed to, until it is made anew or turned off. The SHA-256 of its token finds
-- it; `feed_token` is the token, encrypted, for the page that shows it again.
ALTER TABLE portal_account ADD COLUMN feed_hash BYTEA;
ALTER TABLE portal_account ADD COLUMN feed_token BYTEA;
CREATE UNIQUE INDEX portal_account_by_feed ON portal_account (feed_hash);

-- When the customer asked to cancel what is a job already; dispatch decides.
ALTER TABLE request ADD COLUMN cancel_asked_at TIMESTAMPTZ;

-- Somebody typed an address and wants a link. It is written down for every address alike, so that nothing tells whether
-- there is an account; the worker finds out.
CREATE TABLE portal_link_wish (
    id UUID NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    purpose TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['portal_link'] LOOP
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
