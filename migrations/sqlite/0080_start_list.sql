-- When an administrator hid the list of first steps.
ALTER TABLE tenant ADD COLUMN start_list_hidden_at TEXT;
