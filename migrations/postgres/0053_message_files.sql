-- The message that a file came with; NULL for files of the request itself.
ALTER TABLE request_attachment ADD COLUMN message_id UUID;
