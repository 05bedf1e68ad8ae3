-- Messages of staff have files.
ALTER TABLE blob
    DROP CONSTRAINT blob_owner_check,
    ADD CONSTRAINT blob_owner_check CHECK (owner IN ('form', 'portal', 'staff', 'visit', 'import'));
ALTER TABLE file_usage
    DROP CONSTRAINT file_usage_owner_check,
    ADD CONSTRAINT file_usage_owner_check CHECK (owner IN ('form', 'portal', 'staff', 'visit', 'import'));
