-- Finds the billing trigger of an event, for the deletion of old events.
CREATE INDEX billing_trigger_by_event ON billing_trigger (tenant_id, event_id);
-- Finds what technicians sent about a job and dispatch has kept.
CREATE INDEX day_entry_settled ON day_entry (tenant_id, target_id) WHERE state = 'settled';
-- Finds the requests of a contact who gets an account.
CREATE INDEX request_by_contact ON request (tenant_id, contact_id) WHERE portal_account_id IS NULL;
-- Finds the jobs of a source that have changed.
CREATE INDEX target_by_update ON target (tenant_id, source_system_id, updated_at);
