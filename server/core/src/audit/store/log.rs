//! The audit log: append-only, each row chained to the one before by hash.

use chrono::{DateTime, SecondsFormat, Utc};
use sha2::{Digest as _, Sha256};
use sqlx::types::Json;

use crate::audit::model::AuditLine;
use crate::db::TenantTx;
use crate::db::bulk::hex_bytes;
use crate::db::transaction::allocate_numbers;
use crate::db::{StoreError, Tx, all, maybe, run};
use crate::identity::actors::{Staff, TenantId};

/// A row to write.
pub(crate) struct NewAudit {
    pub actor: String,
    pub action: &'static str,
    pub subject: String,
    pub details: serde_json::Value,
}

const LAST_HASH: &str = "SELECT hash FROM audit_entry WHERE tenant_id = $1 AND sequence = $2";
const INSERT_SQLITE: &str = "INSERT INTO audit_entry (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash) \
    SELECT $1, value->>'sequence', $3, value->>'actor', value->>'action', value->>'subject', value->'details', unhex(value->>'previous_hash'), unhex(value->>'hash') FROM json_each($2)";
const INSERT_POSTGRES: &str = "INSERT INTO audit_entry (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash) \
    SELECT $1, x.sequence, $3, x.actor, x.action, x.subject, x.details, decode(x.previous_hash, 'hex'), decode(x.hash, 'hex') \
    FROM jsonb_to_recordset($2) AS x (sequence BIGINT, actor TEXT, action TEXT, subject TEXT, details JSONB, previous_hash TEXT, hash TEXT)";
const LAST: &str = "SELECT coalesce(max(sequence), 0) FROM audit_entry WHERE tenant_id = $1";
const PAGE: &str = "SELECT sequence, at, actor, action, subject, details, previous_hash, hash FROM audit_entry \
    WHERE tenant_id = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3";

/// The hash of a row: everything in it and the hash before it, each part with its length so that parts cannot shift.
/// Details are hashed in the canonical form of `serde_json` (members sorted by name).
pub(crate) fn link(
    previous: &[u8],
    sequence: i64,
    at: DateTime<Utc>,
    actor: &str,
    action: &str,
    subject: &str,
    details: &serde_json::Value,
) -> Vec<u8> {
    let mut hasher = Sha256::new();
    let at = at.to_rfc3339_opts(SecondsFormat::Micros, true);
    for part in [
        previous,
        &sequence.to_be_bytes(),
        at.as_bytes(),
        actor.as_bytes(),
        action.as_bytes(),
        subject.as_bytes(),
        details.to_string().as_bytes(),
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().to_vec()
}

/// Appends rows. The counter's row is locked until commit, so the chain has no gaps and no forks.
pub(crate) async fn write(
    tx: &mut Tx,
    tenant: TenantId,
    now: DateTime<Utc>,
    entries: Vec<NewAudit>,
) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let last = allocate_numbers(tx, tenant, "audit", count).await?;
    let mut sequence = last - count;
    let mut previous =
        maybe!(&mut *tx, (Vec<u8>,), LAST_HASH, tenant.uuid(), sequence)?.map_or_else(|| vec![0; 32], |(hash,)| hash);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        sequence += 1;
        let hash = link(
            &previous,
            sequence,
            now,
            &entry.actor,
            entry.action,
            &entry.subject,
            &entry.details,
        );
        rows.push(serde_json::json!({
            "sequence": sequence, "actor": entry.actor, "action": entry.action, "subject": entry.subject, "details": entry.details,
            "previous_hash": hex_bytes(&previous), "hash": hex_bytes(&hash),
        }));
        previous = hash;
    }
    let sql = tx.dialect(INSERT_SQLITE, INSERT_POSTGRES);
    run!(&mut *tx, sql, tenant.uuid(), Json(&rows), now).map(drop)
}

impl TenantTx<'_, Staff> {
    /// How far the log has come: every change moves it.
    pub(crate) async fn last_audit(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (last,) = crate::db::one!(&mut self.tx, (i64,), LAST, tenant)?;
        Ok(last)
    }

    /// A page of the log, newest first; `before` is the last sequence of the page before.
    pub(crate) async fn audit_page(&mut self, before: Option<i64>, limit: i64) -> Result<Vec<AuditLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AuditLine, PAGE, tenant, before.unwrap_or(i64::MAX), limit)
    }

    /// Walks the whole chain; the answer is the first sequence at which it breaks.
    pub(crate) async fn audit_break(&mut self) -> Result<Option<i64>, StoreError> {
        let tenant = self.tenant();
        let mut rows: Vec<AuditLine> = all!(&mut self.tx, AuditLine, PAGE, tenant, i64::MAX, i64::MAX)?;
        rows.reverse();
        let mut previous = vec![0; 32];
        for (expected, row) in (1_i64..).zip(&rows) {
            let hash = link(
                &previous,
                row.sequence,
                row.at,
                &row.actor,
                &row.action,
                &row.subject,
                &row.details.0,
            );
            if row.sequence != expected || row.previous_hash != previous || row.hash != hash {
                return Ok(Some(expected));
            }
            previous = hash;
        }
        Ok(None)
    }
}
