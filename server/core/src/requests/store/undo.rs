//! What takes decisions back.

use chrono::{DateTime, Utc};
use domain::ids::{RequestId, UndoId};
use sqlx::types::Json;

use crate::db::{StoreError, maybe, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::Staff;
use crate::requests::store::requests::Triage;

/// A request as it was before a decision.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Earlier {
    pub request: RequestId,
    pub status: domain::requests::RequestStatus,
    pub reason: Option<String>,
    pub triage: Triage,
}

const INSERT: &str =
    "INSERT INTO decision_undo (tenant_id, id, staff_id, earlier, created_at) VALUES ($1, $2, $3, $4, $5)";
/// Only by whoever decided, only once, only for a while.
const TAKE: &str = "UPDATE decision_undo SET used_at = $4 WHERE tenant_id = $1 AND id = $2 AND staff_id = $3 AND used_at IS NULL AND created_at > $5 RETURNING earlier, created_at";
const FORGET: &str = "DELETE FROM decision_undo WHERE created_at < $1";

type Taken = (Json<Vec<Earlier>>, DateTime<Utc>);

impl TenantTx<'_, Staff> {
    /// Keeps how requests were before this transaction's decision.
    pub(crate) async fn insert_undo(&mut self, id: UndoId, earlier: &[Earlier]) -> Result<(), StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id.uuid());
        run!(&mut self.tx, INSERT, tenant, id.uuid(), own, Json(earlier), now).map(drop)
    }

    /// Takes an own decision back, once; nothing if it was made before `since`.
    pub(crate) async fn take_undo(
        &mut self,
        id: UndoId,
        since: DateTime<Utc>,
    ) -> Result<Option<(Vec<Earlier>, DateTime<Utc>)>, StoreError> {
        let (tenant, now, own) = (self.tenant(), self.now, self.actor.id.uuid());
        let taken = maybe!(&mut self.tx, Taken, TAKE, tenant, id.uuid(), own, now, since)?;
        Ok(taken.map(|(earlier, at)| (earlier.0, at)))
    }
}

impl SystemTx<'_> {
    /// Removes what can no longer be taken back.
    pub(crate) async fn forget_undo(&mut self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        run!(&mut self.tx, FORGET, before)
    }
}
