-- One row: a known value sealed under the master key. It tells whether a key file belongs to this database, and which key of the
-- file seals new values. A database without the row has never been used.
CREATE TABLE installation (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed_check BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    key_changed_at TIMESTAMPTZ NOT NULL
);
