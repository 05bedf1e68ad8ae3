-- Whether a time of a technician is offered is looked up whenever a visit is scheduled.
CREATE INDEX slot_option_by_technician ON slot_option (tenant_id, technician_id, starts_at);
