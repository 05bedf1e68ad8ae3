//! Writes the rows of a tenant as JSON, one object a line, without what only this installation can use: passwords, secrets,
//! sessions and encrypted values.

use futures::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use std::io::Write;
use uuid::Uuid;

use crate::db::engine::Pools;
use crate::db::{Store, StoreError};

/// The exported tables, parents first.
pub const TABLES: &[&str] = &[
    "feature_gate",
    "portal_branding",
    "staff_account",
    "technician",
    "technician_absence",
    "customer",
    "location",
    "contact",
    "record_change",
    "source_system",
    "integration_client",
    "external_reference",
    "portal_account",
    "portal_grant",
    "partner_account",
    "intake_form",
    "classification_rule",
    "request",
    "request_attachment",
    "customer_message",
    "internal_note",
    "slot_offer",
    "slot_option",
    "target",
    "change_proposal",
    "appointment",
    "visit_notice",
    "day_entry",
    "day_photo",
    "visit_report",
    "attachment",
    "portal_release",
    "released_attachment",
    "follow_up",
    "billing_trigger",
    "import_job",
    "import_item",
    "event",
    "webhook_endpoint",
    "timeline_entry",
    "mail",
    "audit_entry",
];

/// The tables of tenants that are left out: secrets, sessions, what is being worked on, and what can be counted again.
#[cfg(test)]
const LEFT_OUT: &[&str] = &[
    "access_token",
    "api_call",
    "api_key",
    "api_use",
    "audit_checkpoint",
    "blob",
    "client_secret",
    "counter",
    "decision_undo",
    "draft",
    "file_usage",
    "idempotency_key",
    "invitation_count",
    "mail_unsubscribe",
    "partner_passkey",
    "partner_recovery_code",
    "partner_session",
    "password_link",
    "portal_link",
    "portal_passkey",
    "portal_recovery_code",
    "portal_session",
    "request_presence",
    "route_suggestion",
    "search_entry",
    "search_stale",
    "staff_passkey",
    "staff_recovery_code",
    "staff_session",
    "terminal",
    "two_factor_requirement",
    "upload",
    "webhook_attempt",
    "webhook_delivery",
    "webhook_recovery",
    "webhook_replay",
    "webhook_secret",
];

/// The ends of the names of columns that are left out.
const SECRET_ENDINGS: &[&str] = &["_hash", "_token", "_code", "nonce", "claim"];

/// The columns with JSON, which SQLite stores as text.
const JSON_COLUMNS: &[(&str, &str)] = &[
    ("audit_entry", "details"),
    ("change_proposal", "proposed"),
    ("classification_rule", "conditions"),
    ("classification_rule", "outcome"),
    ("day_entry", "form"),
    ("event", "details"),
    ("import_item", "decision"),
    ("import_item", "errors"),
    ("import_item", "mapping"),
    ("import_item", "payload"),
    ("import_item", "warnings"),
    ("import_job", "settings"),
    ("intake_form", "settings"),
    ("integration_client", "scopes"),
    ("mail", "data"),
    ("portal_account", "muted_mails"),
    ("portal_branding", "words"),
    ("request", "classification"),
    ("request", "place"),
    ("request", "preferred_windows"),
    ("request", "proposed_change"),
    ("request", "requester"),
    ("source_system", "blocked_external_ids"),
    ("staff_account", "skills"),
    ("target", "attributes"),
    ("target", "declined_changes"),
    ("target", "place"),
    ("target", "required_skills"),
    ("technician", "week"),
    ("webhook_endpoint", "data_options"),
    ("webhook_endpoint", "event_types"),
];

/// The columns that are true or false, which SQLite stores as numbers.
const BOOLEAN_COLUMNS: &[(&str, &str)] = &[
    ("appointment", "is_shared"),
    ("customer_message", "asks"),
    ("external_reference", "vouches"),
    ("feature_gate", "enabled"),
    ("import_job", "dry_run"),
    ("mail", "needs_review"),
    ("portal_grant", "may_download"),
    ("portal_grant", "may_manage"),
    ("portal_grant", "may_see_appointments"),
    ("portal_grant", "may_see_reports"),
    ("portal_grant", "may_submit"),
    ("portal_grant", "sees_all_requests"),
    ("source_system", "auto_update"),
    ("source_system", "create_contacts"),
    ("source_system", "create_customers"),
    ("source_system", "create_locations"),
    ("source_system", "customer_required"),
    ("staff_account", "has_shortcuts"),
    ("target", "needs_mapping"),
    ("visit_notice", "was_current"),
    ("visit_report", "billable"),
];

/// Returns the SQLite expression that writes a column as PostgreSQL does.
fn expression(table: &str, column: &str, kind: &str) -> String {
    let is_in = |list: &[(&str, &str)]| list.contains(&(table, column));
    if kind == "BLOB" {
        hexadecimal(column)
    } else if is_in(JSON_COLUMNS) {
        format!("CASE WHEN json_valid(\"{column}\") THEN json(\"{column}\") ELSE \"{column}\" END")
    } else if is_in(BOOLEAN_COLUMNS) {
        format!("CASE \"{column}\" WHEN 0 THEN json('false') WHEN 1 THEN json('true') END")
    } else {
        format!("\"{column}\"")
    }
}

/// Returns the SQLite expression that writes a column of bytes: IDs as UUIDs, hashes as digits.
fn hexadecimal(column: &str) -> String {
    let digits = |from: u8, count: u8| format!("substr(lower(hex(\"{column}\")), {from}, {count})");
    let id = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)].map(|(from, count)| digits(from, count));
    format!(
        "CASE WHEN \"{column}\" IS NULL THEN NULL WHEN length(\"{column}\") = 16 THEN {} ELSE lower(hex(\"{column}\")) END",
        id.join(" || '-' || ")
    )
}

/// Returns whether a column is left out of an export.
fn is_secret(table: &str, column: &str) -> bool {
    // The hashes of the audit log let a reader check its chain, and the hash of a file names it.
    if table == "audit_entry" || ["content_hash", "postal_code"].contains(&column) {
        return false;
    }
    SECRET_ENDINGS.iter().any(|ending| column.ends_with(ending)) || column.starts_with("second_factor")
}

impl Store {
    /// Writes the rows of a table that belong to a tenant, in the order of the primary key, and returns their number.
    ///
    /// # Errors
    /// The database or the writer fails.
    pub async fn export_table(
        &self,
        table: &'static str,
        tenant: Uuid,
        into: &mut (dyn Write + Send),
    ) -> Result<u64, StoreError> {
        let failed = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let mut count = 0;
        match &self.pools {
            Pools::Sqlite { readers, .. } => {
                let columns: Vec<(String, String)> =
                    sqlx::query_as("SELECT name, type FROM pragma_table_info($1) ORDER BY cid")
                        .bind(table)
                        .fetch_all(readers)
                        .await?;
                let members: Vec<String> = columns
                    .iter()
                    .filter(|(column, _)| !is_secret(table, column))
                    .map(|(column, kind)| format!("'{column}', {}", expression(table, column, kind)))
                    .collect();
                let sql = format!(
                    "SELECT json_object({}) FROM \"{table}\" WHERE tenant_id = $1 ORDER BY rowid",
                    members.join(", ")
                );
                let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(tenant).fetch(readers);
                while let Some(row) = rows.try_next().await? {
                    let text: String = row.try_get(0)?;
                    writeln!(into, "{text}").map_err(failed)?;
                    count += 1;
                }
            }
            Pools::Postgres(pool) => {
                let mut tx = pool.begin().await?;
                sqlx::query("SELECT set_config('ordinavo.tenant', $1, true)")
                    .bind(tenant.to_string())
                    .execute(&mut *tx)
                    .await?;
                let columns: Vec<(String,)> = sqlx::query_as(
                    "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' AND \
                     table_name = $1 ORDER BY ordinal_position",
                )
                .bind(table)
                .fetch_all(&mut *tx)
                .await?;
                let chosen: Vec<String> = columns
                    .iter()
                    .filter(|(column,)| !is_secret(table, column))
                    .map(|(column,)| format!("\"{column}\""))
                    .collect();
                let sql = format!(
                    "SELECT to_jsonb(r)::text FROM (SELECT {} FROM \"{table}\" WHERE tenant_id = $1) AS r",
                    chosen.join(", ")
                );
                let mut rows = tx.fetch(sqlx::query(AssertSqlSafe(sql)).bind(tenant));
                while let Some(row) = rows.try_next().await? {
                    let text: String = row.try_get(0)?;
                    writeln!(into, "{text}").map_err(failed)?;
                    count += 1;
                }
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn column_with_secret_is_left_out() {
        for column in [
            "password_hash",
            "feed_token",
            "receipt_code",
            "nonce",
            "second_factor",
            "second_factor_pending",
        ] {
            assert!(is_secret("staff_account", column), "{column}");
        }
        for column in ["email", "content_hash", "name", "postal_code", "status"] {
            assert!(!is_secret("staff_account", column), "{column}");
        }
        assert!(!is_secret("audit_entry", "previous_hash"));
    }

    /// Returns the columns of a type that the migrations of PostgreSQL give the exported tables.
    fn columns_of(kind: &str) -> Vec<(String, String)> {
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/postgres");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(migrations).expect("the migrations exist") {
            let text = std::fs::read_to_string(entry.expect("the folder can be read").path()).expect("a file");
            let mut table = "";
            for line in text.lines() {
                let words: Vec<&str> = line.split([' ', ',', ';']).filter(|word| !word.is_empty()).collect();
                match words.as_slice() {
                    ["CREATE" | "ALTER", "TABLE", name, rest @ ..] => {
                        table = name;
                        if let ["ADD", "COLUMN", column, of, ..] = rest
                            && *of == kind
                        {
                            found.push((table.to_owned(), (*column).to_owned()));
                        }
                    }
                    ["ADD", "COLUMN", column, of, ..] | [column, of, ..] if *of == kind => {
                        found.push((table.to_owned(), (*column).to_owned()));
                    }
                    _ => {}
                }
            }
        }
        found.retain(|(table, _)| TABLES.contains(&table.as_str()));
        found.sort();
        found
    }

    #[test]
    fn column_of_json_or_truth_is_written_as_on_postgres() {
        for (kind, list) in [("JSONB", JSON_COLUMNS), ("BOOLEAN", BOOLEAN_COLUMNS)] {
            let listed: Vec<(String, String)> = list
                .iter()
                .map(|(table, column)| ((*table).to_owned(), (*column).to_owned()))
                .collect();
            assert_eq!(columns_of(kind), listed, "{kind}");
        }
    }

    #[test]
    fn table_of_tenants_is_exported_or_left_out_on_purpose() {
        let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(migrations).expect("the migrations exist") {
            let text = std::fs::read_to_string(entry.expect("the folder can be read").path()).expect("a text file");
            for part in text.split("CREATE TABLE ").skip(1) {
                let (name, rest) = part.split_once(" (").expect("a table has columns");
                let columns = rest.split(") STRICT").next().unwrap_or_default();
                if columns.contains("\n    tenant_id BLOB") {
                    found.push(name.to_owned());
                }
            }
        }
        assert!(found.len() > 60, "{found:?}");
        for table in &found {
            let is_known = TABLES.contains(&table.as_str()) || LEFT_OUT.contains(&table.as_str());
            assert!(is_known, "{table} is neither exported nor left out");
        }
        for table in TABLES.iter().chain(LEFT_OUT) {
            assert!(found.iter().any(|name| name == table), "{table} does not exist");
        }
    }
}
