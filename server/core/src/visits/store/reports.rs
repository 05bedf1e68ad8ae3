//! Statements for visit reports, attachments, follow-ups and billing triggers.

use chrono::{DateTime, Utc};
use domain::ids::{
    AppointmentId, AttachmentId, BillingTriggerId, EventId, FollowUpId, StaffId, TargetId, VisitReportId,
};
use domain::visits::reports::{PhotoMark, ReportStatus};

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Operator, Staff};
use crate::visits::model::{AttachmentSummary, ReportSummary, ReportText, ReportView};

/// A report to insert or resubmit.
pub(crate) struct NewReport<'a> {
    pub id: VisitReportId,
    pub target: TargetId,
    pub appointment: AppointmentId,
    /// Who made the visit.
    pub technician: StaffId,
    pub summary: &'a str,
    pub internal_notes: Option<&'a str>,
    pub work_minutes: i64,
    pub billable: bool,
    pub follow_up: Option<&'a str>,
    pub material: Option<&'a str>,
    pub signed_by: Option<&'a str>,
    pub signature: Option<&'a str>,
    /// When an offline report was written; `None` for one that was submitted online.
    pub written_at: Option<DateTime<Utc>>,
}

/// An attachment to insert; its content is already in the file store.
pub(crate) struct NewAttachment<'a> {
    pub file_name: &'a str,
    pub size_bytes: i64,
    pub content_hash: &'a [u8],
    pub mark: Option<PhotoMark>,
}

const INSERT_REPORT: &str = r"
    INSERT INTO visit_report (
        tenant_id, id, target_id, appointment_id, technician_id, status, summary, internal_notes,
        work_minutes, billable, follow_up, submitted_at, material, signed_by, signature, written_at
    )
    VALUES ($1, $2, $3, $4, $5, 'submitted', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
";
const RESUBMIT_REPORT: &str = r"
    UPDATE visit_report
    SET
        status = 'submitted', summary = $3, internal_notes = $4, work_minutes = $5, billable = $6,
        follow_up = $7, submitted_at = $8, material = $9, signed_by = $10, signature = $11,
        written_at = $12, return_reason = NULL
    WHERE tenant_id = $1
      AND id = $2
      AND status = 'returned'
";
const SELECT_OWN_REPORT_TEXT: &str = r"
    SELECT summary, internal_notes, work_minutes, billable, follow_up, material, signed_by, signature
    FROM visit_report
    WHERE tenant_id = $1
      AND id = $2
      AND technician_id = $3
";
const INSERT_ATTACHMENT: &str = r"
    INSERT INTO attachment (
        tenant_id, id, visit_report_id, file_name, media_type, size_bytes, content_hash, created_at, mark
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
";
/// The columns of an [`AttachmentSummary`].
macro_rules! attachment_columns {
    () => {
        concat!(
            r"
                attachment.id, attachment.file_name, attachment.media_type, attachment.size_bytes, attachment.mark,
                EXISTS (
                    SELECT 1
                    FROM released_attachment
                    JOIN portal_release ON portal_release.tenant_id = released_attachment.tenant_id
                        AND portal_release.id = released_attachment.release_id
                    WHERE released_attachment.tenant_id = attachment.tenant_id
                      AND released_attachment.attachment_id = attachment.id
                      AND portal_release.status = 'published'
                ) AS is_released,
            ",
            crate::files::scan_column!("attachment")
        )
    };
}
pub(super) use attachment_columns;

const SELECT_ATTACHMENTS: &str = concat!(
    "SELECT",
    attachment_columns!(),
    r"
    FROM attachment
    WHERE attachment.tenant_id = $1
      AND attachment.visit_report_id = $2
    ORDER BY attachment.id
    LIMIT 50
"
);
const SELECT_ATTACHMENT_FILE: &str =
    "SELECT file_name, media_type, content_hash FROM attachment WHERE tenant_id = $1 AND id = $2";
const SELECT_OWN_ATTACHMENT_FILE: &str = r"
    SELECT attachment.file_name, attachment.media_type, attachment.content_hash
    FROM attachment
    JOIN visit_report ON visit_report.tenant_id = attachment.tenant_id
        AND visit_report.id = attachment.visit_report_id
    WHERE attachment.tenant_id = $1
      AND attachment.id = $2
      AND visit_report.technician_id = $3
";
const UPDATE_DECISION: &str = r"
    UPDATE visit_report
    SET status = $3, return_reason = $4, decided_at = $5, decided_by = $6
    WHERE tenant_id = $1
      AND id = $2
      AND status = 'submitted'
";
const SELECT_REPORTS: &str = r"
    SELECT
        visit_report.id, visit_report.status, visit_report.summary, visit_report.billable,
        visit_report.submitted_at, target.number, customer.name AS customer_name,
        location.name AS location_name, staff_account.display_name AS technician,
        (
            SELECT portal_release.revision
            FROM portal_release
            WHERE portal_release.tenant_id = visit_report.tenant_id
              AND portal_release.visit_report_id = visit_report.id
              AND portal_release.status = 'published'
        ) AS released_revision
    FROM visit_report
    JOIN target ON target.tenant_id = visit_report.tenant_id AND target.id = visit_report.target_id
    JOIN staff_account ON staff_account.tenant_id = visit_report.tenant_id
        AND staff_account.id = visit_report.technician_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
    WHERE visit_report.tenant_id = $1
      AND visit_report.status = $2
      AND (visit_report.submitted_at, visit_report.id) < ($3, $4)
    ORDER BY visit_report.submitted_at DESC, visit_report.id DESC
    LIMIT $5
";
const COUNT_SUBMITTED_REPORTS: &str = "SELECT count(*) FROM visit_report WHERE tenant_id = $1 AND status = 'submitted'";
const SELECT_REPORT: &str = r"
    SELECT
        visit_report.id, visit_report.status, visit_report.summary, visit_report.internal_notes,
        visit_report.work_minutes, visit_report.billable, visit_report.follow_up,
        visit_report.return_reason, visit_report.material, visit_report.signed_by, visit_report.signature,
        visit_report.written_at, visit_report.submitted_at, visit_report.decided_at, visit_report.target_id,
        target.number, target.customer_id, target.location_id, target.contact_id,
        customer.name AS customer_name, location.name AS location_name, location.zone AS location_zone,
        staff_account.display_name AS technician, billing_trigger.raised_at AS billing_raised_at
    FROM visit_report
    JOIN target ON target.tenant_id = visit_report.tenant_id AND target.id = visit_report.target_id
    JOIN staff_account ON staff_account.tenant_id = visit_report.tenant_id
        AND staff_account.id = visit_report.technician_id
    LEFT JOIN customer ON customer.tenant_id = target.tenant_id AND customer.id = target.customer_id
    LEFT JOIN location ON location.tenant_id = target.tenant_id AND location.id = target.location_id
    LEFT JOIN billing_trigger ON billing_trigger.tenant_id = visit_report.tenant_id
        AND billing_trigger.visit_report_id = visit_report.id
    WHERE visit_report.tenant_id = $1
      AND visit_report.id = $2
";
const INSERT_FOLLOW_UP: &str = r"
    INSERT INTO follow_up (tenant_id, id, target_id, visit_report_id, status, title, created_at, updated_at)
    VALUES ($1, $2, $3, $4, 'required', $5, $6, $6)
    ON CONFLICT (tenant_id, visit_report_id) DO NOTHING
";
const INSERT_BILLING_TRIGGER: &str = r"
    INSERT INTO billing_trigger (tenant_id, id, visit_report_id, target_id, work_minutes, raised_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (tenant_id, visit_report_id) DO NOTHING
";

/// A file's key in the file store, with the metadata of its download.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub file_name: String,
    pub media_type: String,
    pub content_hash: Vec<u8>,
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn insert_report(&mut self, new: &NewReport<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.actor.tenant().uuid(), self.now);
        self.tx
            .execute(
                INSERT_REPORT,
                (
                    tenant,
                    new.id.uuid(),
                    new.target.uuid(),
                    new.appointment.uuid(),
                    new.technician.uuid(),
                    new.summary,
                    new.internal_notes,
                    new.work_minutes,
                    new.billable,
                    new.follow_up,
                    now,
                    new.material,
                    new.signed_by,
                    new.signature,
                    new.written_at,
                ),
            )
            .await?;
        Ok(())
    }

    /// Resubmits a returned report; returns false if it is not returned.
    pub(crate) async fn resubmit_report(&mut self, new: &NewReport<'_>) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = self
            .tx
            .execute(
                RESUBMIT_REPORT,
                (
                    tenant,
                    new.id.uuid(),
                    new.summary,
                    new.internal_notes,
                    new.work_minutes,
                    new.billable,
                    new.follow_up,
                    now,
                    new.material,
                    new.signed_by,
                    new.signature,
                    new.written_at,
                ),
            )
            .await?;
        Ok(written == 1)
    }

    pub(crate) async fn insert_attachment(
        &mut self,
        report: VisitReportId,
        file: &NewAttachment<'_>,
    ) -> Result<AttachmentId, StoreError> {
        let (tenant, id, now): (_, AttachmentId, _) = (self.tenant(), self.new_id(), self.now);
        self.tx
            .execute(
                INSERT_ATTACHMENT,
                (
                    tenant,
                    id.uuid(),
                    report.uuid(),
                    file.file_name,
                    "image/jpeg",
                    file.size_bytes,
                    file.content_hash,
                    now,
                    file.mark.map(PhotoMark::name),
                ),
            )
            .await?;
        Ok(id)
    }

    pub(crate) async fn attachments_of(&mut self, report: VisitReportId) -> Result<Vec<AttachmentSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<AttachmentSummary>(SELECT_ATTACHMENTS, (tenant, report.uuid()))
            .await
    }

    pub(crate) async fn attachment_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<FileRow>(SELECT_ATTACHMENT_FILE, (tenant, id.uuid()))
            .await
    }

    /// Returns the text of a report of the signed-in technician.
    pub(crate) async fn own_report_text(&mut self, id: VisitReportId) -> Result<Option<ReportText>, StoreError> {
        let (tenant, technician) = (self.tenant(), self.actor.id().uuid());
        self.tx
            .fetch_optional::<ReportText>(SELECT_OWN_REPORT_TEXT, (tenant, id.uuid(), technician))
            .await
    }

    /// Finds an attachment of the signed-in technician's own report.
    pub(crate) async fn own_attachment_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        self.tx
            .fetch_optional::<FileRow>(SELECT_OWN_ATTACHMENT_FILE, (tenant, id.uuid(), own))
            .await
    }

    /// Approves or returns a submitted report; returns false if it is not submitted.
    pub(crate) async fn decide_report(
        &mut self,
        id: VisitReportId,
        to: ReportStatus,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now);
        Ok(self
            .tx
            .execute(UPDATE_DECISION, (tenant, id.uuid(), to.name(), reason, now, own))
            .await?
            == 1)
    }

    /// Lists a page of reports with a status, newest first.
    pub(crate) async fn reports_in(
        &mut self,
        status: ReportStatus,
        before: Option<(DateTime<Utc>, VisitReportId)>,
        limit: i64,
    ) -> Result<Vec<ReportSummary>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or(
            (
                DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default(),
                uuid::Uuid::max(),
            ),
            |(at, id)| (at, id.uuid()),
        );
        self.tx
            .fetch_all::<ReportSummary>(SELECT_REPORTS, (tenant, status.name(), at, id, limit))
            .await
    }

    pub(crate) async fn count_reports_to_approve(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = self.tx.fetch_one::<(i64,)>(COUNT_SUBMITTED_REPORTS, (tenant,)).await?;
        Ok(count)
    }

    pub(crate) async fn report_view(&mut self, id: VisitReportId) -> Result<Option<ReportView>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<ReportView>(SELECT_REPORT, (tenant, id.uuid()))
            .await
    }
}

const UPDATE_BILLING_EVENT: &str = "UPDATE billing_trigger SET event_id = $3 WHERE tenant_id = $1 AND id = $2";

impl<A: Operator> TenantTx<'_, A> {
    /// Stores the webhook event of a billing trigger.
    pub(crate) async fn set_billing_event(&mut self, id: BillingTriggerId, event: EventId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        self.tx
            .execute(UPDATE_BILLING_EVENT, (tenant, id.uuid(), event.uuid()))
            .await
            .map(drop)
    }

    /// Inserts a follow-up unless the report already has one; returns its ID if it is new.
    pub(crate) async fn insert_follow_up(
        &mut self,
        target: TargetId,
        report: VisitReportId,
        title: &str,
    ) -> Result<Option<FollowUpId>, StoreError> {
        let (tenant, id, now): (_, FollowUpId, _) = (self.tenant(), self.new_id(), self.now);
        let written = self
            .tx
            .execute(
                INSERT_FOLLOW_UP,
                (tenant, id.uuid(), target.uuid(), report.uuid(), title, now),
            )
            .await?;
        Ok((written == 1).then_some(id))
    }

    /// Inserts a billing trigger unless the report already has one; returns its ID if it is new.
    pub(crate) async fn insert_billing_trigger(
        &mut self,
        target: TargetId,
        report: VisitReportId,
        work_minutes: i64,
    ) -> Result<Option<BillingTriggerId>, StoreError> {
        let (tenant, id, now): (_, BillingTriggerId, _) = (self.tenant(), self.new_id(), self.now);
        let written = self
            .tx
            .execute(
                INSERT_BILLING_TRIGGER,
                (tenant, id.uuid(), report.uuid(), target.uuid(), work_minutes, now),
            )
            .await?;
        Ok((written == 1).then_some(id))
    }
}
