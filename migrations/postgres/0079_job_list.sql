-- The list of jobs by number, of one status or of all.
CREATE INDEX target_by_status_and_number ON target (tenant_id, status, number);
