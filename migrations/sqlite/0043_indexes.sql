-- Finds the billing trigger of an event, for the deletion of old events.
CREATE INDEX billing_trigger_by_event ON billing_trigger (tenant_id, event_id);
