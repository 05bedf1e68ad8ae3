-- Finds the retries of an import job that is deleted.
CREATE INDEX import_job_by_retried ON import_job (tenant_id, retried_from) WHERE retried_from IS NOT NULL;
