//! Statements that verify chains and store checkpoints.

use uuid::Uuid;

use crate::audit::model::{ChainRow, Checkpoint};
use crate::db::purpose::{Administration, KeyRotation};
use crate::db::{StoreError, SystemTx, Tx};
use crate::identity::actors::TenantId;

const SELECT_EXTENT: &str = r"
    SELECT
        coalesce((SELECT value FROM counter WHERE tenant_id = $1 AND name = 'audit'), 0),
        coalesce((SELECT max(sequence) FROM audit_entry WHERE tenant_id = $1), 0)
";
const SELECT_ENTRIES_AFTER: &str = r"
    SELECT sequence, at, actor, action, subject, details, previous_hash, hash, key_id
    FROM audit_entry
    WHERE tenant_id = $1
      AND sequence > $2
    ORDER BY sequence
    LIMIT $3
";
const SELECT_LAST_ENTRY: &str = r"
    SELECT sequence, hash
    FROM audit_entry
    WHERE tenant_id = $1
    ORDER BY sequence DESC
    LIMIT 1
";
const SELECT_LAST_CHECKPOINT: &str = r"
    SELECT sequence, hash, created_at AS at, key_id, signature
    FROM audit_checkpoint
    WHERE tenant_id = $1
    ORDER BY created_at DESC
    LIMIT 1
";
const INSERT_CHECKPOINT: &str = r"
    INSERT INTO audit_checkpoint (tenant_id, sequence, hash, created_at, key_id, signature)
    VALUES ($1, $2, $3, $4, $5, $6)
";
const SELECT_REPLACED_KEYS: &str = "SELECT id, sealed FROM audit_key ORDER BY id";
const UPSERT_REPLACED_KEY: &str = r"
    INSERT INTO audit_key (id, sealed, replaced_at)
    VALUES ($1, $2, $3)
    ON CONFLICT (id)
    DO UPDATE SET sealed = excluded.sealed
";
const SELECT_SEALED_STARTS: &str = r"
    SELECT sealed_chain_starts
    FROM installation
    WHERE id = 1
      AND sealed_chain_starts IS NOT NULL
";
const UPDATE_SEALED_STARTS: &str = "UPDATE installation SET sealed_chain_starts = $1 WHERE id = 1";
const SELECT_TENANTS_WITH_UNKEYED_CHAIN: &str = r"
    SELECT entry.tenant_id
    FROM audit_entry AS entry
    JOIN counter ON counter.tenant_id = entry.tenant_id AND counter.name = 'audit' AND counter.value = entry.sequence
    WHERE entry.key_id IS NULL
";
const SELECT_TENANT_SLUGS: &str = "SELECT id, slug FROM tenant ORDER BY slug";

/// Returns the counter of entries and the last sequence, both at one moment.
pub(crate) async fn extent(tx: &mut Tx, tenant: TenantId) -> Result<(i64, i64), StoreError> {
    tx.fetch_one::<(i64, i64)>(SELECT_EXTENT, (tenant.uuid(),)).await
}

/// Returns the next entries in order.
pub(crate) async fn entries_after(
    tx: &mut Tx,
    tenant: TenantId,
    after: i64,
    limit: i64,
) -> Result<Vec<ChainRow>, StoreError> {
    tx.fetch_all::<ChainRow>(SELECT_ENTRIES_AFTER, (tenant.uuid(), after, limit))
        .await
}

pub(crate) async fn last_entry(tx: &mut Tx, tenant: TenantId) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
    tx.fetch_optional::<(i64, Vec<u8>)>(SELECT_LAST_ENTRY, (tenant.uuid(),))
        .await
}

/// Returns the latest checkpoint, if there is one.
pub(crate) async fn last_checkpoint(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Checkpoint>, StoreError> {
    tx.fetch_all::<Checkpoint>(SELECT_LAST_CHECKPOINT, (tenant.uuid(),))
        .await
}

pub(crate) async fn replaced_keys(tx: &mut Tx) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    tx.fetch_all::<(i64, Vec<u8>)>(SELECT_REPLACED_KEYS, ()).await
}

pub(crate) async fn sealed_starts(tx: &mut Tx) -> Result<Option<Vec<u8>>, StoreError> {
    let row = tx.fetch_optional::<(Vec<u8>,)>(SELECT_SEALED_STARTS, ()).await?;
    Ok(row.map(|(sealed,)| sealed))
}

pub(crate) async fn tenant_slugs(tx: &mut Tx) -> Result<Vec<(TenantId, String)>, StoreError> {
    let rows = tx.fetch_all::<(Uuid, String)>(SELECT_TENANT_SLUGS, ()).await?;
    Ok(rows
        .into_iter()
        .map(|(id, slug)| (TenantId::from_uuid(id), slug))
        .collect())
}

impl SystemTx<'_, Administration> {
    pub(crate) async fn insert_audit_checkpoint(
        &mut self,
        tenant: TenantId,
        new: &Checkpoint,
    ) -> Result<(), StoreError> {
        let arguments = (
            tenant.uuid(),
            new.sequence,
            new.hash.as_slice(),
            new.at,
            new.key_id,
            new.signature.as_slice(),
        );
        self.tx.execute(INSERT_CHECKPOINT, arguments).await.map(drop)
    }
}

impl SystemTx<'_, KeyRotation> {
    pub(crate) async fn put_replaced_audit_key(&mut self, id: i64, sealed: &[u8]) -> Result<(), StoreError> {
        let now = self.now;
        self.tx.execute(UPSERT_REPLACED_KEY, (id, sealed, now)).await.map(drop)
    }

    pub(crate) async fn set_sealed_chain_starts(&mut self, sealed: &[u8]) -> Result<(), StoreError> {
        self.tx.execute(UPDATE_SEALED_STARTS, (sealed,)).await.map(drop)
    }

    /// Returns the tenants whose last entry was hashed without a key.
    pub(crate) async fn tenants_with_unkeyed_chain(&mut self) -> Result<Vec<TenantId>, StoreError> {
        let rows = self
            .tx
            .fetch_all::<(Uuid,)>(SELECT_TENANTS_WITH_UNKEYED_CHAIN, ())
            .await?;
        Ok(rows.into_iter().map(|(id,)| TenantId::from_uuid(id)).collect())
    }
}
