//! Statements for the reports of a job.

use std::collections::HashMap;

use domain::ids::TargetId;
use sqlx::FromRow;
use uuid::Uuid;

use super::reports::attachment_columns;
use crate::db::{StoreError, TenantTx};
use crate::identity::actors::Staff;
use crate::visits::model::{AttachmentSummary, JobReport};

const SELECT_REPORTS_OF_TARGET: &str = r"
    SELECT
        visit_report.id, visit_report.appointment_id, visit_report.status, visit_report.summary,
        visit_report.work_minutes, visit_report.billable, visit_report.follow_up, visit_report.submitted_at,
        (
            SELECT portal_release.revision
            FROM portal_release
            WHERE portal_release.tenant_id = visit_report.tenant_id
              AND portal_release.visit_report_id = visit_report.id
              AND portal_release.status = 'published'
        ) AS released_revision
    FROM visit_report
    WHERE visit_report.tenant_id = $1
      AND visit_report.target_id = $2
    ORDER BY visit_report.submitted_at DESC, visit_report.id DESC
    LIMIT 20
";
const SELECT_FILES_OF_TARGET: &str = concat!(
    "SELECT attachment.visit_report_id,",
    attachment_columns!(),
    r"
    FROM attachment
    JOIN visit_report ON visit_report.tenant_id = attachment.tenant_id
        AND visit_report.id = attachment.visit_report_id
    WHERE attachment.tenant_id = $1
      AND visit_report.target_id = $2
    ORDER BY attachment.id
    LIMIT 1000
"
);

/// A file, and its report.
#[derive(FromRow)]
struct FileOfReport {
    visit_report_id: Uuid,
    #[sqlx(flatten)]
    file: AttachmentSummary,
}

impl TenantTx<'_, Staff> {
    /// Returns the latest reports of a job with their files, the latest first.
    pub(crate) async fn reports_of_target(&mut self, target: TargetId) -> Result<Vec<JobReport>, StoreError> {
        let values = (self.tenant(), target.uuid());
        let mut reports: Vec<JobReport> = self.tx.fetch_all(SELECT_REPORTS_OF_TARGET, values).await?;
        if reports.is_empty() {
            return Ok(reports);
        }
        let mut files: HashMap<Uuid, Vec<AttachmentSummary>> = HashMap::new();
        for row in self
            .tx
            .fetch_all::<FileOfReport>(SELECT_FILES_OF_TARGET, values)
            .await?
        {
            files.entry(row.visit_report_id).or_default().push(row.file);
        }
        for report in &mut reports {
            report.files = files.remove(&report.id.uuid()).unwrap_or_default();
        }
        Ok(reports)
    }
}
