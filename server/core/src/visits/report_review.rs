//! Reports on the manager's desk: approve or return. Approval raises follow-up and billing trigger, and shows the customer
//! nothing.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::ids::{AttachmentId, VisitReportId};
use domain::lifecycle::Lifecycle as _;
use domain::permissions::{ApproveReports, PerformVisits, ViewReports};
use domain::problems::Problem;
use domain::text;
use domain::visit_reports::ReportStatus;
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::follow_ups::model::FollowUpView;
use crate::form::Form;
use crate::identity::actors::{Actor, Permit, Staff};
use crate::page::{PAGE, Page};
use crate::releases::model::{Recipient, ReleaseView};
use crate::secrets::hex;
use crate::visits::model::{AttachmentLine, ReportLine, ReportView};
use crate::visits::store::reports::FileRow;
use crate::{Core, CoreError, CoreResult};

/// A page of reports in one state, newest first, and how many wait for approval.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewReports>,
    status: ReportStatus,
    before: Option<(DateTime<Utc>, VisitReportId)>,
) -> CoreResult<(Page<ReportLine>, i64)> {
    let mut tx = core.store.read(by.staff()).await?;
    let rows = tx.reports_in(status, before, PAGE + 1).await?;
    Ok((Page::cut(rows, PAGE), tx.count_reports_to_approve().await?))
}

/// A report with its files, its releases and who would see one.
#[derive(Debug, Clone)]
pub struct ReportPage {
    /// The report.
    pub report: ReportView,
    /// Its files.
    pub attachments: Vec<AttachmentLine>,
    /// Its releases, newest first.
    pub releases: Vec<ReleaseView>,
    /// The portal users who would see a release.
    pub recipients: Vec<Recipient>,
    /// The work that it left.
    pub follow_up: Option<FollowUpView>,
    /// Who downloaded which released file, the latest first: when, who if the account is still there, and the file's name.
    pub downloads: Vec<(DateTime<Utc>, Option<String>, String)>,
}

/// One report.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewReports>, id: VisitReportId) -> CoreResult<ReportPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let report = load(&mut tx, id).await?;
    let recipients = match report.customer_id {
        Some(customer) => tx.recipients(customer.0, report.location_id.map(|key| key.0)).await?,
        None => Vec::new(),
    };
    let attachments = tx.attachments_of(id).await?;
    let files: Vec<_> = attachments.iter().map(|file| file.id.0).collect();
    let downloads = tx.downloads(&files).await?;
    let name_of = |file: String| attachments.iter().find(|row| row.id.to_string() == file);
    let downloads = downloads
        .into_iter()
        .filter_map(|(at, who, file)| Some((at, who, name_of(file)?.file_name.clone())))
        .collect();
    Ok(ReportPage {
        attachments,
        downloads,
        releases: tx.releases_of(id).await?,
        follow_up: tx.follow_up_of_report(id).await?,
        recipients,
        report,
    })
}

/// Approves a submitted report. A follow-up it asks for is noted; a billable one raises its billing trigger, once.
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn approve(core: &Core, by: Permit<'_, ApproveReports>, id: VisitReportId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let report = load(&mut tx, id).await?;
    report.status.step(ReportStatus::Approved)?;
    if !tx.decide_report(id, ReportStatus::Approved, None).await? {
        return Err(changed());
    }
    tx.audit("visit_report.approved", id, json!({ "target": report.target_id.0 }));
    let target = report.target_id.0;
    let event = |kind, details| NewEvent {
        endpoint: None,
        source: None,
        kind,
        ordering_key: target.to_string(),
        target: Some(target),
        customer: report.customer_id.map(|key| key.0),
        location: report.location_id.map(|key| key.0),
        contact: report.contact_id.map(|key| key.0),
        details,
    };
    let preview: String = report.summary.chars().take(200).collect();
    tx.emit(event(
        EventType::VisitReportApproved,
        json!({ "visitReport": { "id": id }, "summaryPreviews": { "summary": preview } }),
    ));
    if let Some(title) = &report.follow_up
        && let Some(follow_up) = tx.insert_follow_up(target, id, title).await?
    {
        tx.emit(event(
            EventType::FollowUpCreated,
            json!({ "followUp": { "id": follow_up, "status": "required" } }),
        ));
        tx.note(NewEntry {
            kind: "follow_up_required",
            customer: report.customer_id.map(|key| key.0),
            location: report.location_id.map(|key| key.0),
            target: Some(target),
            request: None,
        })
        .await?;
    }
    if report.billable
        && let Some(trigger) = tx.insert_billing_trigger(target, id, report.work_minutes).await?
    {
        tx.audit("billing.triggered", trigger, json!({ "visitReport": id }));
        let told = tx.emit(event(
            EventType::BillingTriggered,
            json!({ "billingTrigger": { "id": trigger, "visitReportId": id }, "billingDetails": { "workMinutes": report.work_minutes } }),
        ));
        tx.set_billing_event(trigger, told).await?;
    }
    finish(core, tx).await
}

/// Sends a submitted report back to its technician with a reason.
///
/// # Errors
/// Field `reason`; `not_found`, `illegal_transition`.
pub async fn send_back(core: &Core, by: Permit<'_, ApproveReports>, id: VisitReportId, reason: &str) -> CoreResult<()> {
    let mut form = Form::default();
    let reason = form.text("reason", 1_000, text::paragraphs(reason, 1_000));
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    let report = load(&mut tx, id).await?;
    report.status.step(ReportStatus::Returned)?;
    if !tx.decide_report(id, ReportStatus::Returned, reason.as_deref()).await? {
        return Err(changed());
    }
    tx.audit("visit_report.returned", id, json!({}));
    finish(core, tx).await
}

/// A file with its bytes.
#[derive(Debug, Clone)]
pub struct Download {
    /// Its name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// A strong validator of its content (RFC 9110 section 8.8.3).
    pub etag: String,
    /// Its content.
    pub bytes: bytes::Bytes,
}

/// A file of any report, for those who may see reports.
///
/// # Errors
/// `not_found`.
pub async fn file(core: &Core, by: Permit<'_, ViewReports>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.attachment_file(id).await?;
    fetch(core, by.staff(), row).await
}

/// A file of an own report, for technicians.
///
/// # Errors
/// `not_found`.
pub async fn own_file(core: &Core, by: Permit<'_, PerformVisits>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.own_attachment_file(id).await?;
    fetch(core, by.staff(), row).await
}

/// Reads the content of a file that an actor was allowed to find.
pub(crate) async fn fetch(core: &Core, actor: &impl Actor, row: Option<FileRow>) -> CoreResult<Download> {
    let row = row.ok_or_else(CoreError::not_found)?;
    let bytes = core.files.get(actor.tenant(), &row.content_hash).await?;
    Ok(Download {
        file_name: row.file_name,
        media_type: row.media_type,
        etag: format!("\"{}\"", hex(&row.content_hash)),
        bytes,
    })
}

async fn load(tx: &mut TenantTx<'_, Staff>, id: VisitReportId) -> CoreResult<ReportView> {
    tx.report_view(id).await?.ok_or_else(CoreError::not_found)
}

fn changed() -> CoreError {
    CoreError::new(
        Problem::ConcurrentModification,
        "Somebody else decided about this report at the same time.",
    )
}
