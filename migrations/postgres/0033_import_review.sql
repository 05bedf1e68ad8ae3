-- Whether an external ID vouches for its customer. It does not if it was linked by customer number under another name,
-- until a dispatcher accepts the name.
ALTER TABLE external_reference ADD COLUMN vouches BOOLEAN NOT NULL DEFAULT TRUE;

-- External IDs that mean "nothing" in this source, besides the usual ones.
ALTER TABLE source_system ADD COLUMN blocked_external_ids JSONB NOT NULL DEFAULT '[]';

-- Changes that dispatch has declined and that the source still sends. The open ones are in `change_proposal`.
ALTER TABLE target ADD COLUMN declined_changes JSONB NOT NULL DEFAULT '{}';

-- Number of the line in an uploaded file.
ALTER TABLE import_item ADD COLUMN line BIGINT CHECK (line > 0);
