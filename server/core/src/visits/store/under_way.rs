//! Statements for the one visit that a technician has under way.

use domain::ids::{TargetId, TargetKind};
use sqlx::FromRow;

use crate::db::{Key, StoreError, TenantTx};
use crate::identity::actors::{Actor as _, Staff};

/// A visit that a technician is on the way to, or at work on.
#[derive(Debug, Clone, FromRow)]
pub struct VisitUnderWay {
    #[sqlx(try_from = "Key<TargetKind>")]
    pub target_id: TargetId,
    pub number: i64,
}

const SELECT_OWN_VISITS_UNDER_WAY: &str = r"
    SELECT target.id AS target_id, target.number
    FROM appointment
    JOIN target ON target.tenant_id = appointment.tenant_id AND target.id = appointment.target_id
    WHERE appointment.tenant_id = $1
      AND appointment.technician_id = $2
      AND appointment.status = 'planned'
      AND target.status IN ('en_route', 'on_site')
    ORDER BY appointment.starts_at, appointment.id
    LIMIT 20
";

impl TenantTx<'_, Staff> {
    /// Makes steps of the signed-in technician wait for one another, until the transaction ends.
    pub(crate) async fn lock_own_visits(&mut self) -> Result<(), StoreError> {
        let own = self.actor.id();
        self.lock(format!("visits of {own}")).await
    }

    /// Lists the visits that the signed-in technician has under way: one, unless dispatch has assigned another one.
    pub(crate) async fn own_visits_under_way(&mut self) -> Result<Vec<VisitUnderWay>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_all::<VisitUnderWay>(SELECT_OWN_VISITS_UNDER_WAY, (tenant, own))
            .await
    }
}
