-- The topics of emails that a portal user has turned off, such as offered times.
ALTER TABLE portal_account ADD COLUMN muted_mails JSONB NOT NULL DEFAULT '[]';
-- Finds the emails about a request.
CREATE INDEX mail_by_request ON mail (tenant_id, request_id, created_at) WHERE request_id IS NOT NULL;
