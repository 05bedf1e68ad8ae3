//! Visit reports, attachments, follow-ups and billing triggers.

use chrono::{DateTime, Utc};
use domain::ids::{AppointmentId, AttachmentId, BillingTriggerId, EventId, FollowUpId, TargetId, VisitReportId};
use domain::visit_reports::ReportStatus;

use crate::db::TenantTx;
use crate::db::{StoreError, all, maybe, one, run};
use crate::identity::actors::{Actor as _, Operator, Staff};
use crate::visits::model::{AttachmentLine, ReportLine, ReportText, ReportView};

/// A report to hand in.
pub(crate) struct NewReport<'a> {
    pub id: VisitReportId,
    pub target: TargetId,
    pub appointment: AppointmentId,
    pub summary: &'a str,
    pub internal_notes: Option<&'a str>,
    pub work_minutes: i64,
    pub billable: bool,
    pub follow_up: Option<&'a str>,
    pub material: Option<&'a str>,
    pub signed_by: Option<&'a str>,
    pub signature: Option<&'a str>,
    /// When it was written, if it came later than that.
    pub written_at: Option<DateTime<Utc>>,
}

/// A file that is kept and gets its row.
pub(crate) struct NewAttachment<'a> {
    pub file_name: &'a str,
    pub size_bytes: i64,
    pub content_hash: &'a [u8],
}

const INSERT: &str = "INSERT INTO visit_report (tenant_id, id, target_id, appointment_id, technician_id, status, summary, internal_notes, work_minutes, billable, follow_up, submitted_at, material, signed_by, signature, written_at) \
    VALUES ($1, $2, $3, $4, $5, 'submitted', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const RESUBMIT: &str = "UPDATE visit_report SET status = 'submitted', summary = $3, internal_notes = $4, work_minutes = $5, billable = $6, follow_up = $7, submitted_at = $8, material = $9, signed_by = $10, signature = $11, written_at = $12, return_reason = NULL \
    WHERE tenant_id = $1 AND id = $2 AND status = 'returned'";
const OWN_TEXT: &str = "SELECT summary, internal_notes, work_minutes, billable, follow_up, material, signed_by, signature FROM visit_report WHERE tenant_id = $1 AND id = $2 AND technician_id = $3";
const INSERT_ATTACHMENT: &str = "INSERT INTO attachment (tenant_id, id, visit_report_id, file_name, media_type, size_bytes, content_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ATTACHMENTS: &str = "SELECT a.id, a.file_name, a.media_type, a.size_bytes, \
    EXISTS (SELECT 1 FROM released_attachment x JOIN portal_release p ON p.tenant_id = x.tenant_id AND p.id = x.release_id \
      WHERE x.tenant_id = a.tenant_id AND x.attachment_id = a.id AND p.status = 'published') AS is_released \
    FROM attachment a WHERE a.tenant_id = $1 AND a.visit_report_id = $2 ORDER BY a.id LIMIT 50";
const ATTACHMENT_FILE: &str =
    "SELECT file_name, media_type, content_hash FROM attachment WHERE tenant_id = $1 AND id = $2";
const OWN_ATTACHMENT_FILE: &str = "SELECT a.file_name, a.media_type, a.content_hash FROM attachment a JOIN visit_report r ON r.tenant_id = a.tenant_id AND r.id = a.visit_report_id \
    WHERE a.tenant_id = $1 AND a.id = $2 AND r.technician_id = $3";
const DECIDE: &str = "UPDATE visit_report SET status = $3, return_reason = $4, decided_at = $5, decided_by = $6 WHERE tenant_id = $1 AND id = $2 AND status = 'submitted'";
const LIST: &str = "SELECT r.id, r.status, r.summary, r.billable, r.submitted_at, t.number, c.name AS customer_name, l.name AS location_name, s.display_name AS technician, \
    (SELECT p.revision FROM portal_release p WHERE p.tenant_id = r.tenant_id AND p.visit_report_id = r.id AND p.status = 'published') AS released_revision \
    FROM visit_report r JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
    JOIN staff_account s ON s.tenant_id = r.tenant_id AND s.id = r.technician_id \
    LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
    WHERE r.tenant_id = $1 AND r.status = $2 AND (r.submitted_at, r.id) < ($3, $4) ORDER BY r.submitted_at DESC, r.id DESC LIMIT $5";
const COUNT: &str = "SELECT count(*) FROM visit_report WHERE tenant_id = $1 AND status = 'submitted'";
const VIEW: &str = "SELECT r.id, r.status, r.summary, r.internal_notes, r.work_minutes, r.billable, r.follow_up, r.return_reason, r.material, r.signed_by, r.signature, r.written_at, r.submitted_at, r.decided_at, r.target_id, t.number, \
    t.customer_id, t.location_id, t.contact_id, c.name AS customer_name, l.name AS location_name, l.zone AS location_zone, s.display_name AS technician, \
    b.raised_at AS billing_raised_at \
    FROM visit_report r JOIN target t ON t.tenant_id = r.tenant_id AND t.id = r.target_id \
    JOIN staff_account s ON s.tenant_id = r.tenant_id AND s.id = r.technician_id \
    LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id LEFT JOIN location l ON l.tenant_id = t.tenant_id AND l.id = t.location_id \
    LEFT JOIN billing_trigger b ON b.tenant_id = r.tenant_id AND b.visit_report_id = r.id \
    WHERE r.tenant_id = $1 AND r.id = $2";
const OF_TARGET: &str =
    "SELECT id FROM visit_report WHERE tenant_id = $1 AND target_id = $2 ORDER BY submitted_at DESC LIMIT 1";
const INSERT_FOLLOW_UP: &str = "INSERT INTO follow_up (tenant_id, id, target_id, visit_report_id, status, title, created_at, updated_at) VALUES ($1, $2, $3, $4, 'required', $5, $6, $6) \
    ON CONFLICT (tenant_id, visit_report_id) DO NOTHING";
const INSERT_BILLING: &str = "INSERT INTO billing_trigger (tenant_id, id, visit_report_id, target_id, work_minutes, raised_at) VALUES ($1, $2, $3, $4, $5, $6) \
    ON CONFLICT (tenant_id, visit_report_id) DO NOTHING";

/// Where a file is and how to hand it out.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct FileRow {
    pub file_name: String,
    pub media_type: String,
    pub content_hash: Vec<u8>,
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn insert_report(&mut self, new: &NewReport<'_>) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            new.id.uuid(),
            new.target.uuid(),
            new.appointment.uuid(),
            own,
            new.summary,
            new.internal_notes,
            new.work_minutes,
            new.billable,
            new.follow_up,
            now,
            new.material,
            new.signed_by,
            new.signature,
            new.written_at
        )?;
        Ok(())
    }

    /// Hands a returned report in again; false if it is not returned.
    pub(crate) async fn resubmit_report(&mut self, new: &NewReport<'_>) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        let written = run!(
            &mut self.tx,
            RESUBMIT,
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
            new.written_at
        )?;
        Ok(written == 1)
    }

    pub(crate) async fn insert_attachment(
        &mut self,
        report: VisitReportId,
        file: &NewAttachment<'_>,
    ) -> Result<AttachmentId, StoreError> {
        let (tenant, id, now): (_, AttachmentId, _) = (self.tenant(), self.new_id(), self.now);
        run!(
            &mut self.tx,
            INSERT_ATTACHMENT,
            tenant,
            id.uuid(),
            report.uuid(),
            file.file_name,
            "image/jpeg",
            file.size_bytes,
            file.content_hash,
            now
        )?;
        Ok(id)
    }

    pub(crate) async fn attachments_of(&mut self, report: VisitReportId) -> Result<Vec<AttachmentLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, AttachmentLine, ATTACHMENTS, tenant, report.uuid())
    }

    pub(crate) async fn attachment_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FileRow, ATTACHMENT_FILE, tenant, id.uuid())
    }

    /// What the technician who asks has written in a report.
    pub(crate) async fn own_report_text(&mut self, id: VisitReportId) -> Result<Option<ReportText>, StoreError> {
        let (tenant, technician) = (self.tenant(), self.actor.id().uuid());
        maybe!(&mut self.tx, ReportText, OWN_TEXT, tenant, id.uuid(), technician)
    }

    /// A file of a report that this technician wrote.
    pub(crate) async fn own_attachment_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.actor.tenant().uuid(), self.actor.id().uuid());
        maybe!(&mut self.tx, FileRow, OWN_ATTACHMENT_FILE, tenant, id.uuid(), own)
    }

    /// Approves or returns a submitted report; false if it is not submitted any more.
    pub(crate) async fn decide_report(
        &mut self,
        id: VisitReportId,
        to: ReportStatus,
        reason: Option<&str>,
    ) -> Result<bool, StoreError> {
        let (tenant, own, now) = (self.actor.tenant().uuid(), self.actor.id().uuid(), self.now);
        Ok(run!(&mut self.tx, DECIDE, tenant, id.uuid(), to.name(), reason, now, own)? == 1)
    }

    /// A page of reports in one state, newest first.
    pub(crate) async fn reports_in(
        &mut self,
        status: ReportStatus,
        before: Option<(DateTime<Utc>, VisitReportId)>,
        limit: i64,
    ) -> Result<Vec<ReportLine>, StoreError> {
        let tenant = self.tenant();
        let (at, id) = before.map_or(
            (
                DateTime::from_timestamp(32_503_680_000, 0).unwrap_or_default(),
                uuid::Uuid::max(),
            ),
            |(at, id)| (at, id.uuid()),
        );
        all!(&mut self.tx, ReportLine, LIST, tenant, status.name(), at, id, limit)
    }

    pub(crate) async fn count_reports_to_approve(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT, tenant)?;
        Ok(count)
    }

    pub(crate) async fn report_view(&mut self, id: VisitReportId) -> Result<Option<ReportView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, ReportView, VIEW, tenant, id.uuid())
    }

    pub(crate) async fn latest_report_of_target(
        &mut self,
        target: TargetId,
    ) -> Result<Option<VisitReportId>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (uuid::Uuid,), OF_TARGET, tenant, target.uuid())?
            .map(|(id,)| VisitReportId::from_uuid(id)))
    }
}

const SET_BILLING_EVENT: &str = "UPDATE billing_trigger SET event_id = $3 WHERE tenant_id = $1 AND id = $2";

impl<A: Operator> TenantTx<'_, A> {
    /// Notes which event tells of a billing trigger.
    pub(crate) async fn set_billing_event(&mut self, id: BillingTriggerId, event: EventId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, SET_BILLING_EVENT, tenant, id.uuid(), event.uuid()).map(drop)
    }

    /// Notes a follow-up, once for each report; the answer is its id if it is new.
    pub(crate) async fn insert_follow_up(
        &mut self,
        target: TargetId,
        report: VisitReportId,
        title: &str,
    ) -> Result<Option<FollowUpId>, StoreError> {
        let (tenant, id, now): (_, FollowUpId, _) = (self.tenant(), self.new_id(), self.now);
        let written = run!(
            &mut self.tx,
            INSERT_FOLLOW_UP,
            tenant,
            id.uuid(),
            target.uuid(),
            report.uuid(),
            title,
            now
        )?;
        Ok((written == 1).then_some(id))
    }

    /// Raises a billing trigger, once for each report; the answer is its id if it is new.
    pub(crate) async fn insert_billing_trigger(
        &mut self,
        target: TargetId,
        report: VisitReportId,
        work_minutes: i64,
    ) -> Result<Option<BillingTriggerId>, StoreError> {
        let (tenant, id, now): (_, BillingTriggerId, _) = (self.tenant(), self.new_id(), self.now);
        let written = run!(
            &mut self.tx,
            INSERT_BILLING,
            tenant,
            id.uuid(),
            report.uuid(),
            target.uuid(),
            work_minutes,
            now
        )?;
        Ok((written == 1).then_some(id))
    }
}
