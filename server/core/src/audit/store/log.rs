//! Statements for the audit log. It is append-only, and each entry contains the hash of the previous one.

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use crate::audit::NewAuditEntry;
use crate::audit::chain::Entry;
use crate::audit::model::AuditEntry;
use crate::db::EngineSql;
use crate::db::TenantTx;
use crate::db::bulk::hex_bytes;
use crate::db::transaction::allocate_numbers;
use crate::db::{Store, StoreError, Tx};
use crate::identity::actors::{Staff, TenantId};

const SELECT_HASH: &str = r"
    SELECT hash
    FROM audit_entry
    WHERE tenant_id = $1
      AND sequence = $2
";
static INSERT_ENTRIES: EngineSql = EngineSql::new(
    r"
    INSERT INTO audit_entry (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash, key_id)
    SELECT
        $1, input.sequence, $3, input.actor, input.action, input.subject, input.details,
        decode(input.previous_hash, 'hex'), decode(input.hash, 'hex'), $4
    FROM jsonb_to_recordset($2) AS input (
        sequence BIGINT, actor TEXT, action TEXT, subject TEXT, details JSONB, previous_hash TEXT, hash TEXT
    )
",
);
const SELECT_LAST_SEQUENCE: &str = r"
    SELECT coalesce(max(sequence), 0)
    FROM audit_entry
    WHERE tenant_id = $1
";
const SELECT_PAGE: &str = r"
    SELECT sequence, at, actor, action, subject, details
    FROM audit_entry
    WHERE tenant_id = $1
      AND sequence < $2
    ORDER BY sequence DESC
    LIMIT $3
";

/// Appends entries. The counter row is locked until the commit, so the chain has no gaps and no forks.
pub(crate) async fn write(
    tx: &mut Tx,
    store: &Store,
    tenant: TenantId,
    now: DateTime<Utc>,
    entries: Vec<NewAuditEntry>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let key = store.audit_key()?;
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let last = allocate_numbers(tx, tenant, "audit", count).await?;
    let mut sequence = last - count;
    let mut previous = tx
        .fetch_optional::<(Vec<u8>,)>(SELECT_HASH, (tenant.uuid(), sequence))
        .await?
        .map_or_else(|| vec![0; 32], |(hash,)| hash);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        sequence += 1;
        let hash = Entry {
            previous: &previous,
            sequence,
            at: now,
            actor: &entry.actor,
            action: entry.action,
            subject: &entry.subject,
            details: &entry.details,
        }
        .keyed_hash(key);
        rows.push(serde_json::json!({
            "sequence": sequence, "actor": entry.actor, "action": entry.action, "subject": entry.subject, "details": entry.details,
            "previous_hash": hex_bytes(&previous), "hash": hex_bytes(&hash),
        }));
        previous = hash;
    }
    tx.execute(&INSERT_ENTRIES, (tenant.uuid(), Json(&rows), now, key.id))
        .await
        .map(drop)
}

impl TenantTx<'_, Staff> {
    /// Returns the sequence of the latest entry. It grows with every change.
    pub(crate) async fn latest_audit_sequence(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (last,) = self.tx.fetch_one::<(i64,)>(SELECT_LAST_SEQUENCE, (tenant,)).await?;
        Ok(last)
    }

    /// Returns a page of the log, newest first; `before` is the last sequence of the previous page.
    pub(crate) async fn list_audit_entries(
        &mut self,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AuditEntry>(SELECT_PAGE, (tenant, before.unwrap_or(i64::MAX), limit))
            .await
    }
}
