-- What people call a key or secret, and the last characters of its value, by which it is recognized; keys of earlier
-- versions have neither.
ALTER TABLE api_key ADD COLUMN label TEXT;
ALTER TABLE api_key ADD COLUMN hint TEXT CHECK (length(hint) <= 8);
ALTER TABLE client_secret ADD COLUMN label TEXT;
ALTER TABLE client_secret ADD COLUMN hint TEXT CHECK (length(hint) <= 8);
