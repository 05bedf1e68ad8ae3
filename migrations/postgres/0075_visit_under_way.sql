-- A technician has one visit under way at a time; an offline step that starts another one conflicts with it. The step itself
-- is named like its action.
ALTER TABLE day_entry
    DROP CONSTRAINT day_entry_conflict_reason_check,
    ADD CONSTRAINT day_entry_conflict_reason_check CHECK (conflict_reason IN ('moved', 'not_yours', 'cancelled', 'ended', 'other_state', 'after_another', 'another_under_way'));
ALTER TABLE day_entry DROP CONSTRAINT day_entry_step_check;
UPDATE day_entry SET step = 'start_travel' WHERE step = 'set_out';
ALTER TABLE day_entry ADD CONSTRAINT day_entry_step_check CHECK (step IN ('start_travel', 'arrive', 'report'));
