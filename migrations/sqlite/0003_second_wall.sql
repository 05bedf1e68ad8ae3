-- SQLite has no row-level security: the wall here is the key, since every key and every reference starts with
-- tenant_id, and the store, which has no statement without it. This step only makes the audit log append-only.
CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
