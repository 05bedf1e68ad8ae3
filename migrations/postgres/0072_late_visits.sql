-- Visits that should have taken place are looked up with every view of the inbox.
CREATE INDEX appointment_planned_by_end ON appointment (tenant_id, ends_at) WHERE status = 'planned';
