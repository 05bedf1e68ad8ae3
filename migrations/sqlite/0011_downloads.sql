-- The staff read who downloaded the files of a report.
CREATE INDEX audit_entry_downloads ON audit_entry (tenant_id, subject, sequence) WHERE action = 'attachment.downloaded';
