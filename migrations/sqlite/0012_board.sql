-- The board reads a day or a week of everybody at once.
CREATE INDEX appointment_by_time ON appointment (tenant_id, starts_at, id);
-- The pool of the board: the most urgent jobs first, then the oldest.
CREATE INDEX target_pool ON target (tenant_id, (CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END), created_at, id) WHERE status = 'open';
