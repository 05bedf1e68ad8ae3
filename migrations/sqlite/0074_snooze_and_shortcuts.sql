-- Until when a job is not listed in the mapping review.
ALTER TABLE target ADD COLUMN mapping_snoozed_until TEXT;

-- Whether single letters act as keyboard shortcuts; people who use speech input or press keys by accident turn them off.
ALTER TABLE staff_account ADD COLUMN has_shortcuts INTEGER NOT NULL DEFAULT 1 CHECK (has_shortcuts IN (0, 1));
