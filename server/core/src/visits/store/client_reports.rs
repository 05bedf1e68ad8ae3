//! Visit reports that an integration client reads, limited to the targets of its own source system.

use chrono::{DateTime, Utc};
use domain::ids::VisitReportId;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient};
use crate::integrations::start_before;
use crate::visits::model::ClientReport;

macro_rules! select_report {
    () => {
        r"
            SELECT
                report.id, report.target_id, target.external_id AS target_external_id, report.summary,
                report.work_minutes, report.billable, report.submitted_at, report.decided_at,
                (
                    SELECT follow_up.id
                    FROM follow_up
                    WHERE follow_up.tenant_id = report.tenant_id
                      AND follow_up.visit_report_id = report.id
                ) AS follow_up_id
            FROM visit_report AS report
            JOIN target ON target.tenant_id = report.tenant_id AND target.id = report.target_id
            WHERE report.tenant_id = $1
              AND target.source_system_id = $2
              AND report.status = 'approved'
        "
    };
}
const SELECT_REPORTS: &str = concat!(
    select_report!(),
    r"
          AND (report.submitted_at, report.id) < ($3, $4)
        ORDER BY report.submitted_at DESC, report.id DESC
        LIMIT $5
    "
);
const SELECT_REPORT: &str = concat!(select_report!(), "AND report.id = $3");

impl TenantTx<'_, ApiClient> {
    /// Returns a page of the approved visit reports of the source's targets, newest first.
    pub(crate) async fn list_client_reports(
        &mut self,
        before: Option<(DateTime<Utc>, VisitReportId)>,
        limit: i64,
    ) -> Result<Vec<ClientReport>, StoreError> {
        let (created_before, id_before) = start_before(before);
        self.list_records(SELECT_REPORTS, (created_before, id_before), limit)
            .await
    }

    pub(crate) async fn find_client_report(&mut self, id: VisitReportId) -> Result<Option<ClientReport>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_optional::<ClientReport>(SELECT_REPORT, (tenant, source, id.uuid()))
            .await
    }
}
