-- One row that the readiness check rewrites: a full disk or a read-only file still answers reads.
CREATE TABLE write_probe (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    written_at TEXT NOT NULL
) STRICT;
