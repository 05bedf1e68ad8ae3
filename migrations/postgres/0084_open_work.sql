-- Open work is counted on every page of staff and listed on the page of a customer; neither may walk what is over.
CREATE INDEX target_to_map ON target (tenant_id, status, created_at, id) WHERE needs_mapping;
CREATE INDEX target_open_by_customer ON target (tenant_id, customer_id, created_at, id)
    WHERE status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site');
CREATE INDEX request_open_by_customer ON request (tenant_id, customer_id, submitted_at, id)
    WHERE target_id IS NULL AND status IN ('submitted', 'in_review', 'accepted');
CREATE INDEX request_to_review ON request (tenant_id, snoozed_until)
    WHERE target_id IS NULL AND asked_at IS NULL AND status IN ('submitted', 'in_review');
