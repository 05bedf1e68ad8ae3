-- The register of stored files. A row exists before the content does, so that the sweeper finds what a crash leaves.
-- `digest` is the SHA-256 of the content; a file that is stored again while its content is being deleted gets the next
-- `generation`, which is part of its name in the storage. `touched_at` is when it was last registered or named. `scan` is
-- `exempt` without a malware scanner; otherwise the worker checks the content at `scan_at`. There is no foreign key to the
-- tenant: the files of a deleted tenant are deleted by the sweeper, which needs the rows.
CREATE TABLE blob (
    tenant_id BLOB NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    owner TEXT NOT NULL CHECK (owner IN ('form', 'portal', 'visit', 'import')),
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
CREATE INDEX blob_unfinished ON blob (touched_at) WHERE state <> 'stored';
CREATE INDEX blob_unchecked ON blob (scan_at) WHERE scan = 'unchecked' AND state = 'stored';

-- Bytes of the register by kind of owner and day (UTC) of registration, for quotas.
CREATE TABLE file_usage (
    tenant_id BLOB NOT NULL,
    owner TEXT NOT NULL CHECK (owner IN ('form', 'portal', 'visit', 'import')),
    day TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, owner, day)
) STRICT;

-- A submission with files under way. It holds the nonce of its form, so that the files of one submission only are stored.
CREATE TABLE upload (
    tenant_id BLOB NOT NULL REFERENCES tenant (id),
    origin_id BLOB NOT NULL,
    nonce TEXT NOT NULL,
    claim BLOB NOT NULL,
    claimed_until TEXT NOT NULL,
    PRIMARY KEY (tenant_id, origin_id, nonce)
) STRICT;
CREATE INDEX upload_by_age ON upload (claimed_until);

-- One row. `legacy_before` is the time of the last file that was stored without a register: older content that no row names
-- is deleted once, then it is null.
CREATE TABLE file_sweep (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    started_at TEXT,
    legacy_before TEXT
) STRICT;

CREATE INDEX attachment_by_content ON attachment (tenant_id, content_hash);
CREATE INDEX request_attachment_by_content ON request_attachment (tenant_id, content_hash);
CREATE INDEX day_photo_by_content ON day_photo (tenant_id, content_hash);

INSERT INTO blob (
    tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at, created_at, touched_at
)
SELECT tenant_id, content_hash, 0, 'visit', media_type, size_bytes, 'stored', 'exempt', 0, created_at, created_at, created_at
FROM attachment
WHERE true
ON CONFLICT (tenant_id, digest) DO NOTHING;
INSERT INTO blob (
    tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at, created_at, touched_at
)
SELECT tenant_id, content_hash, 0, 'visit', 'image/jpeg', size_bytes, 'stored', 'exempt', 0, created_at, created_at, created_at
FROM day_photo
WHERE true
ON CONFLICT (tenant_id, digest) DO NOTHING;
INSERT INTO blob (
    tenant_id, digest, generation, owner, media_type, size_bytes, state, scan, scan_attempts, scan_at, created_at, touched_at
)
SELECT
    file.tenant_id, file.content_hash, 0, CASE WHEN request.channel = 'portal' THEN 'portal' ELSE 'form' END,
    file.media_type, file.size_bytes, 'stored', 'exempt', 0, file.created_at, file.created_at, file.created_at
FROM request_attachment AS file
JOIN request ON request.tenant_id = file.tenant_id AND request.id = file.request_id
WHERE true
ON CONFLICT (tenant_id, digest) DO NOTHING;
INSERT INTO file_usage (tenant_id, owner, day, bytes)
SELECT tenant_id, owner, substr(created_at, 1, 10), sum(size_bytes)
FROM blob
GROUP BY tenant_id, owner, substr(created_at, 1, 10);
INSERT INTO file_sweep (id, legacy_before)
SELECT 1, max(created_at)
FROM blob;
