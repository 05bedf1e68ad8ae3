-- Messages of staff have files. SQLite cannot change a check, so the tables are copied.
ALTER TABLE blob RENAME TO blob_before;
CREATE TABLE blob (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    owner TEXT NOT NULL CHECK (owner IN ('form', 'portal', 'staff', 'visit', 'import')),
    media_type TEXT NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    state TEXT NOT NULL CHECK (state IN ('pending', 'stored', 'deleting')),
    scan TEXT NOT NULL CHECK (scan IN ('exempt', 'unchecked', 'clean', 'infected')),
    scan_attempts INTEGER NOT NULL CHECK (scan_attempts >= 0),
    scan_at TEXT NOT NULL,
    finding TEXT,
    created_at TEXT NOT NULL,
    touched_at TEXT NOT NULL,
    PRIMARY KEY (tenant_id, digest)
) STRICT;
INSERT INTO blob
SELECT
    tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at, finding, created_at,
    touched_at
FROM blob_before;
DROP TABLE blob_before;
CREATE INDEX blob_unfinished ON blob (touched_at) WHERE state <> 'stored';
CREATE INDEX blob_unchecked ON blob (scan_at) WHERE scan = 'unchecked' AND state = 'stored';

ALTER TABLE file_usage RENAME TO file_usage_before;
CREATE TABLE file_usage (
    tenant_id BLOB NOT NULL,
    owner TEXT NOT NULL CHECK (owner IN ('form', 'portal', 'staff', 'visit', 'import')),
    day TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, day)
) STRICT;
INSERT INTO file_usage
SELECT tenant_id, owner, day, bytes
FROM file_usage_before;
DROP TABLE file_usage_before;
