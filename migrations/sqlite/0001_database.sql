-- SQLite has no row-level security. Tenants are kept apart by the keys, all of which start with tenant_id, and by the
-- stores, whose statements all filter by it.

-- One row that the readiness check rewrites, because a full disk or a read-only file still answers reads.
CREATE TABLE write_probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    written_at TEXT NOT NULL
) STRICT;
