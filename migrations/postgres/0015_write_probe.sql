-- One row that the readiness check rewrites: a full disk or a read-only file still answers reads.
CREATE TABLE write_probe (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    written_at TIMESTAMPTZ NOT NULL
);
