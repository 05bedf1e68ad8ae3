-- A technician has one visit under way at a time; an offline step that starts another one conflicts with it. The step itself
-- is named like its action. SQLite cannot change a check, so the table is copied.
ALTER TABLE day_entry RENAME TO day_entry_before;
CREATE TABLE day_entry (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    technician_id BLOB NOT NULL,
    target_id BLOB NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('start_travel', 'arrive', 'report')),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'handed_over', 'settled', 'discarded')),
    conflict_reason TEXT CHECK (conflict_reason IN ('moved', 'not_yours', 'cancelled', 'ended', 'other_state', 'after_another', 'another_under_way')),
    form TEXT,
    noted_at TEXT NOT NULL,
    received_at TEXT NOT NULL,
    seen_from TEXT,
    seen_until TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, technician_id) REFERENCES staff_account (tenant_id, id),
    FOREIGN KEY (tenant_id, target_id) REFERENCES target (tenant_id, id)
) STRICT;
INSERT INTO day_entry
SELECT
    tenant_id,
    id,
    technician_id,
    target_id,
    CASE step WHEN 'set_out' THEN 'start_travel' ELSE step END,
    state,
    conflict_reason,
    form,
    noted_at,
    received_at,
    seen_from,
    seen_until
FROM day_entry_before;
DROP TABLE day_entry_before;
CREATE INDEX day_entry_open ON day_entry (tenant_id, technician_id, target_id, received_at, id) WHERE state = 'waiting';
CREATE INDEX day_entry_handed_over ON day_entry (tenant_id, target_id, received_at, id) WHERE state = 'handed_over';
CREATE INDEX day_entry_age ON day_entry (received_at) WHERE state NOT IN ('waiting', 'handed_over');
CREATE INDEX day_entry_settled ON day_entry (tenant_id, target_id) WHERE state = 'settled';
