-- Pictures have a smaller version for lists, which a worker makes once. It is content of its own, named by its picture.
-- thumbnail_at: when the worker may try; NULL once there is nothing to do.
ALTER TABLE blob ADD COLUMN thumbnail_at TEXT;
ALTER TABLE blob ADD COLUMN thumbnail_digest BLOB CHECK (length(thumbnail_digest) = 32);
ALTER TABLE blob ADD COLUMN thumbnail_attempts INTEGER NOT NULL DEFAULT 0 CHECK (thumbnail_attempts >= 0);
UPDATE blob SET thumbnail_at = created_at WHERE media_type LIKE 'image/%' AND state = 'stored';
CREATE INDEX blob_thumbnail_due ON blob (thumbnail_at) WHERE thumbnail_at IS NOT NULL;
CREATE INDEX blob_thumbnail ON blob (tenant_id, thumbnail_digest) WHERE thumbnail_digest IS NOT NULL;
