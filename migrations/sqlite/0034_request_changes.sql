-- What a source has sent for a request: the hash of the content that was applied or proposed last, and the content that
-- waits for dispatch because the request is no longer in review.
ALTER TABLE request ADD COLUMN payload_hash BLOB;
ALTER TABLE request ADD COLUMN proposed_change TEXT;
