-- Answers that nobody has read yet, whatever became of the request meanwhile.
CREATE INDEX request_answered ON request (tenant_id, submitted_at, id) WHERE answered_at IS NOT NULL;

-- Times that dispatch proposes for a job that somebody asked for. `status` is open, chosen, withdrawn or replaced; one that
-- is open after `expires_at` has expired.
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
    position BIGINT NOT NULL,
    technician_id UUID NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, offer_id, position),
    FOREIGN KEY (tenant_id, offer_id) REFERENCES slot_offer (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id)
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['slot_offer', 'slot_option'] LOOP
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
