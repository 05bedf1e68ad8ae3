-- The second wall. Every transaction names its tenant in `ordinavo.tenant`; a statement that forgets its tenant filter
-- still finds nothing of another tenant, and one in a transaction without a tenant finds nothing at all. `*` is set only
-- by sign-in, key look-up, worker claims and administration, which must find the tenant first.
DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'counter', 'feature_gate', 'customer', 'location', 'contact', 'staff_account', 'portal_account', 'portal_grant',
        'source_system', 'partner_account', 'integration_client', 'api_key', 'client_secret', 'access_token', 'api_use', 'external_reference', 'target', 'request', 'appointment',
        'visit_report', 'attachment', 'portal_release', 'released_attachment', 'follow_up', 'billing_trigger',
        'timeline_entry', 'change_proposal', 'import_job', 'import_item', 'idempotency_key', 'webhook_endpoint', 'webhook_secret', 'event', 'webhook_recovery', 'webhook_replay',
        'webhook_delivery', 'webhook_attempt', 'audit_entry'
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

CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END
$$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only();
