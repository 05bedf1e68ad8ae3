-- Access that a portal user offers to a person who has an account already, perhaps of another customer. Until that person
-- accepts, `offered_until` is set and the grant is not in force. `offered_name` and `offered_email` are what the offering person
-- typed, and all that this person sees until then.
ALTER TABLE portal_grant ADD COLUMN offered_until TEXT;
ALTER TABLE portal_grant ADD COLUMN offered_name TEXT;
ALTER TABLE portal_grant ADD COLUMN offered_email TEXT;
ALTER TABLE portal_grant ADD COLUMN declined_at TEXT;
