//! Statements for undoing decisions.

use chrono::{DateTime, Utc};
use domain::ids::{RequestId, UndoId};
use sqlx::types::Json;

use crate::db::StoreError;
use crate::db::purpose::Purge;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::Staff;
use crate::requests::store::requests::Triage;

/// The state of a request before a decision.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct RequestSnapshot {
    pub request: RequestId,
    pub status: domain::requests::RequestStatus,
    pub reason: Option<String>,
    pub triage: Triage,
}

const INSERT_UNDO: &str =
    "INSERT INTO decision_undo (tenant_id, id, staff_id, earlier, created_at) VALUES ($1, $2, $3, $4, $5)";
/// An undo record can be used once, by its author, for a limited time.
const USE_UNDO: &str = r"
    UPDATE decision_undo
    SET used_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND staff_id = $3
      AND used_at IS NULL
      AND created_at > $5
    RETURNING earlier, created_at
";
const PURGE: &str = "DELETE FROM decision_undo WHERE created_at < $1";

type UsedUndo = (Json<Vec<RequestSnapshot>>, DateTime<Utc>);

impl TenantTx<'_, Staff> {
    /// Stores the state of requests before the decision of this transaction.
    pub(crate) async fn insert_undo(&mut self, id: UndoId, earlier: &[RequestSnapshot]) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        self.tx
            .execute(INSERT_UNDO, (tenant, id.uuid(), own, Json(earlier), now))
            .await
            .map(drop)
    }

    /// Uses an undo record of the signed-in user; returns `None` if it was used before or created before `since`.
    pub(crate) async fn use_undo(
        &mut self,
        id: UndoId,
        since: DateTime<Utc>,
    ) -> Result<Option<(Vec<RequestSnapshot>, DateTime<Utc>)>, StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id().uuid());
        let used = self
            .tx
            .fetch_optional::<UsedUndo>(USE_UNDO, (tenant, id.uuid(), own, now, since))
            .await?;
        Ok(used.map(|(earlier, at)| (earlier.0, at)))
    }
}

impl SystemTx<'_, Purge> {
    /// Deletes expired undo records.
    pub(crate) async fn purge_undo(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.tx.execute(PURGE, (before,)).await
    }
}
