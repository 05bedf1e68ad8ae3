-- One row: a known value sealed under the master key. It tells whether a key file belongs to this database, and which key of the
-- file seals new values. A database without the row has never been used.
CREATE TABLE installation (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sealed_check BLOB NOT NULL,
    created_at TEXT NOT NULL,
    key_changed_at TEXT NOT NULL
) STRICT;
