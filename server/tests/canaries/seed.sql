-- Adds a canary to every internal text of a database. Staff may see canaries, customers must not. Works on SQLite and
-- PostgreSQL; one statement per column.
UPDATE location SET access_notes = coalesce(access_notes, '') || ' zqcanary-location-access_notes';
UPDATE target SET notes = coalesce(notes, '') || ' zqcanary-target-notes';
UPDATE target SET attributes = '{"zqcanary-target-attributes": "zqcanary-target-attributes"}';
UPDATE request SET internal_notes = coalesce(internal_notes, '') || ' zqcanary-request-internal_notes';
UPDATE appointment SET recorded_reason = coalesce(recorded_reason, '') || ' zqcanary-appointment-recorded_reason';
UPDATE internal_note SET text = text || ' zqcanary-internal_note-text';
UPDATE visit_report SET summary = summary || ' zqcanary-visit_report-summary';
UPDATE visit_report SET internal_notes = coalesce(internal_notes, '') || ' zqcanary-visit_report-internal_notes';
UPDATE visit_report SET follow_up = follow_up || ' zqcanary-visit_report-follow_up';
UPDATE visit_report SET return_reason = coalesce(return_reason, '') || ' zqcanary-visit_report-return_reason';
UPDATE visit_report SET material = coalesce(material || ' ', '') || '1 x zqcanary-visit_report-material';
UPDATE visit_report SET signed_by = coalesce(signed_by, '') || ' zqcanary-visit_report-signed_by';
UPDATE visit_report SET signature = 'zqcanary-visit_report-signature';
UPDATE day_entry SET form = '{"summary": "zqcanary-day_entry-form"}';
UPDATE day_photo SET file_name = file_name || ' zqcanary-day_photo-file_name';
UPDATE visit_notice SET text = coalesce(text, '') || ' zqcanary-visit_notice-text';
UPDATE follow_up SET title = title || ' zqcanary-follow_up-title';
UPDATE staff_account SET display_name = display_name || ' zqcanary-staff_account-display_name';
UPDATE partner_account SET display_name = display_name || ' zqcanary-partner_account-display_name';
UPDATE portal_grant SET reason = reason || ' zqcanary-portal_grant-reason';
UPDATE portal_grant SET granted_by = granted_by || ' zqcanary-portal_grant-granted_by';
UPDATE classification_rule SET name = name || ' zqcanary-classification_rule-name';
UPDATE integration_client SET name = name || ' zqcanary-integration_client-name';
UPDATE api_key SET label = coalesce(label, '') || ' zqcanary-api_key-label';
UPDATE client_secret SET label = coalesce(label, '') || ' zqcanary-client_secret-label';
UPDATE billing_trigger SET reference = coalesce(reference, '') || ' zqcanary-billing_trigger-reference';
UPDATE webhook_endpoint SET description = coalesce(description, '') || ' zqcanary-webhook_endpoint-description';
UPDATE webhook_delivery SET last_failure = last_failure || ' zqcanary-webhook_delivery-last_failure';
UPDATE webhook_attempt SET error = coalesce(error, '') || ' zqcanary-webhook_attempt-error';
UPDATE webhook_attempt SET response_excerpt = coalesce(response_excerpt, '') || ' zqcanary-webhook_attempt-response_excerpt';
UPDATE import_job SET failure = coalesce(failure, '') || ' zqcanary-import_job-failure';
UPDATE import_job SET created_by = created_by || ' zqcanary-import_job-created_by';
UPDATE mail SET last_error = coalesce(last_error, '') || ' zqcanary-mail-last_error';
-- The updates above of records have written their history.
UPDATE record_change SET old_value = coalesce(old_value, '') || ' zqcanary-record_change-old_value';
UPDATE record_change SET new_value = coalesce(new_value, '') || ' zqcanary-record_change-new_value';
