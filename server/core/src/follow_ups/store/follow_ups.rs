//! Statements for follow-ups.

use domain::follow_ups::FollowUpStatus;
use domain::ids::{FollowUpId, TargetId, VisitReportId};

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::follow_ups::model::FollowUpView;
use crate::identity::actors::Operator;

macro_rules! select_follow_up {
    () => {
        r"
            SELECT
                follow_up.id, follow_up.status, follow_up.title, follow_up.target_id,
                follow_up.planned_target_id, planned_target.number AS planned_number
            FROM follow_up
            LEFT JOIN target AS planned_target ON planned_target.tenant_id = follow_up.tenant_id
                AND planned_target.id = follow_up.planned_target_id
            WHERE follow_up.tenant_id = $1
        "
    };
}
const SELECT_FOLLOW_UP: &str = concat!(select_follow_up!(), "AND follow_up.id = $2");
const SELECT_FOLLOW_UP_OF_REPORT: &str = concat!(select_follow_up!(), "AND follow_up.visit_report_id = $2");
const SELECT_FOLLOW_UP_OF_TARGET: &str = concat!(select_follow_up!(), "AND follow_up.planned_target_id = $2");
const SET_TARGET: &str = r"
    UPDATE follow_up
    SET planned_target_id = $3, updated_at = $4
    WHERE tenant_id = $1
      AND id = $2
      AND planned_target_id IS NULL
      AND status = 'required'
";
const CLEAR_TARGET: &str = r"
    UPDATE follow_up
    SET planned_target_id = NULL, updated_at = $3
    WHERE tenant_id = $1
      AND planned_target_id = $2
      AND status = 'required'
";
const SET_STATUS: &str = r"
    UPDATE follow_up
    SET status = $4, updated_at = $5
    WHERE tenant_id = $1
      AND id = $2
      AND status = $3
";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn follow_up(&mut self, id: FollowUpId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FollowUpView>(SELECT_FOLLOW_UP, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn follow_up_of_report(&mut self, id: VisitReportId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FollowUpView>(SELECT_FOLLOW_UP_OF_REPORT, (tenant, id.uuid()))
            .await
    }

    /// Returns the follow-up that a target was created for.
    pub(crate) async fn follow_up_of_target(&mut self, target: TargetId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FollowUpView>(SELECT_FOLLOW_UP_OF_TARGET, (tenant, target.uuid()))
            .await
    }

    /// Sets the target of a follow-up; returns `false` if it already has one.
    pub(crate) async fn set_follow_up_target(&mut self, id: FollowUpId, target: TargetId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(SET_TARGET, (tenant, id.uuid(), target.uuid(), now))
            .await?
            == 1)
    }

    /// Detaches the follow-up from a cancelled target, so that a new target can be created.
    pub(crate) async fn clear_follow_up_target(&mut self, target: TargetId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(CLEAR_TARGET, (tenant, target.uuid(), now))
            .await
            .map(drop)
    }

    /// Changes the status; returns `false` if the current status is not `from`.
    pub(crate) async fn set_follow_up_status(
        &mut self,
        id: FollowUpId,
        from: FollowUpStatus,
        to: FollowUpStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(SET_STATUS, (tenant, id.uuid(), from.name(), to.name(), now))
            .await?
            == 1)
    }
}
