-- Without a row ID, the key is stored once: failed attempts of strangers take less space.
CREATE TABLE sign_in_throttle_by_key (
    key_hash BLOB NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures >= 0),
    locked_until TEXT NOT NULL,
    updated_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sign_in_throttle_by_key (key_hash, failures, locked_until, updated_at)
SELECT key_hash, failures, locked_until, updated_at FROM sign_in_throttle;
DROP TABLE sign_in_throttle;
ALTER TABLE sign_in_throttle_by_key RENAME TO sign_in_throttle;
