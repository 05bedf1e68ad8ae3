//! Follow-ups: which target does the work, and how far it is.

use domain::follow_ups::FollowUpStatus;
use domain::ids::{FollowUpId, TargetId, VisitReportId};

use crate::db::TenantTx;
use crate::db::{StoreError, maybe, run};
use crate::follow_ups::model::FollowUpView;
use crate::identity::actors::Operator;

macro_rules! follow_up {
    () => {
        "SELECT f.id, f.status, f.title, f.target_id, f.planned_target_id, p.number AS planned_number FROM follow_up f \
         LEFT JOIN target p ON p.tenant_id = f.tenant_id AND p.id = f.planned_target_id WHERE f.tenant_id = $1 "
    };
}
const ONE: &str = concat!(follow_up!(), "AND f.id = $2");
const OF_REPORT: &str = concat!(follow_up!(), "AND f.visit_report_id = $2");
const DONE_BY: &str = concat!(follow_up!(), "AND f.planned_target_id = $2");
const SET_TARGET: &str = "UPDATE follow_up SET planned_target_id = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2 AND planned_target_id IS NULL AND status = 'required'";
const FREE: &str = "UPDATE follow_up SET planned_target_id = NULL, updated_at = $3 WHERE tenant_id = $1 AND planned_target_id = $2 AND status = 'required'";
const SET_STATUS: &str =
    "UPDATE follow_up SET status = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2 AND status = $3";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn follow_up(&mut self, id: FollowUpId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FollowUpView, ONE, tenant, id.uuid())
    }

    pub(crate) async fn follow_up_of_report(&mut self, id: VisitReportId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FollowUpView, OF_REPORT, tenant, id.uuid())
    }

    /// The follow-up that a target is there for.
    pub(crate) async fn follow_up_done_by(&mut self, target: TargetId) -> Result<Option<FollowUpView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FollowUpView, DONE_BY, tenant, target.uuid())
    }

    /// Notes which target does the work; false if there is one already.
    pub(crate) async fn set_follow_up_target(&mut self, id: FollowUpId, target: TargetId) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_TARGET, tenant, id.uuid(), target.uuid(), now)? == 1)
    }

    /// Frees what a cancelled target was to do, so that it can be planned anew.
    pub(crate) async fn free_follow_up(&mut self, target: TargetId) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(&mut self.tx, FREE, tenant, target.uuid(), now).map(drop)
    }

    /// Moves on; false if it was no longer in the state in which it was read.
    pub(crate) async fn set_follow_up_status(
        &mut self,
        id: FollowUpId,
        from: FollowUpStatus,
        to: FollowUpStatus,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, SET_STATUS, tenant, id.uuid(), from.name(), to.name(), now)? == 1)
    }
}
