-- SHA-256 of what a visitor typed into a form: the same form again is the same request, another text is a request of its own.
ALTER TABLE request ADD COLUMN content_hash BYTEA;
