//! Review of visit reports: approve or return for correction. Approval creates the follow-up and the billing trigger,
//! but releases nothing to the customer.

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::{ApproveReports, PerformVisits, PlanTargets, ReleaseReports, ViewReports};
use domain::ids::{AttachmentId, VisitReportId};
use domain::lifecycle::Lifecycle as _;
use domain::problems::Record;
use domain::text;
use domain::visits::reports::{ReleaseStatus, ReportStatus};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::exports;
use crate::files;
use crate::follow_ups::model::FollowUpView;
use crate::form::Form;
use crate::identity::actors::{Actor, Permit, Staff};
use crate::page::{PAGE_SIZE, Page};
use crate::portal_access::view_as;
use crate::portal_access::view_as::ReportViewers;
use crate::releases::model::{Recipient, ReleaseView};
use crate::secrets::hex;
use crate::visits::model::{AttachmentSummary, ReportActions, ReportSummary, ReportView};
use crate::visits::report_actions::{ReportPermissions, ReportState};
use crate::visits::store::reports::FileRow;
use crate::{Core, CoreError, CoreResult};

/// How many reports are listed beside an open one.
const QUEUE_SIZE: i64 = 30;

/// Lists a page of reports with a status, newest first, and counts the reports to approve.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewReports>,
    status: ReportStatus,
    before: Option<(DateTime<Utc>, VisitReportId)>,
) -> CoreResult<(Page<ReportSummary>, i64)> {
    let mut tx = core.store.read(by.staff()).await?;
    let rows = tx.reports_in(status, before, PAGE_SIZE + 1).await?;
    Ok((Page::from_rows(rows, PAGE_SIZE), tx.count_reports_to_approve().await?))
}

/// Returns all reports that [`list`] has on its pages.
///
/// # Errors
/// Field `rows` if there are too many.
pub async fn export(core: &Core, by: Permit<'_, ViewReports>, status: ReportStatus) -> CoreResult<Vec<ReportSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut found: Vec<ReportSummary> = Vec::new();
    loop {
        let before = found.last().map(|last| (last.submitted_at, last.id));
        let chunk = tx.reports_in(status, before, exports::CHUNK).await?;
        let is_last = exports::is_last(chunk.len());
        found.extend(chunk);
        exports::check_size(found.len())?;
        if is_last {
            break;
        }
    }
    drop(tx);
    exports::record(core, by.staff(), "reports", found.len()).await?;
    Ok(found)
}

/// Returns the report that waits for approval next: the one that was submitted before a report, or else the newest.
///
/// # Errors
/// `not_found`.
pub async fn next_to_approve(
    core: &Core,
    by: Permit<'_, ViewReports>,
    after: VisitReportId,
) -> CoreResult<Option<VisitReportId>> {
    let mut tx = core.store.read(by.staff()).await?;
    let decided = load(&mut tx, after).await?;
    let place = Some((decided.submitted_at, after));
    let mut next = tx.reports_in(ReportStatus::Submitted, place, 1).await?;
    if next.is_empty() {
        next = tx.reports_in(ReportStatus::Submitted, None, 1).await?;
    }
    Ok(next.first().map(|report| report.id))
}

/// A report with its attachments, releases and recipients.
#[derive(Debug, Clone)]
pub struct ReportPage {
    pub report: ReportView,
    pub attachments: Vec<AttachmentSummary>,
    /// Newest first.
    pub releases: Vec<ReleaseView>,
    /// The portal users who would see a release.
    pub recipients: Vec<Recipient>,
    pub follow_up: Option<FollowUpView>,
    /// Downloads of released files, latest first: time, user (if the account still exists) and file name.
    pub downloads: Vec<(DateTime<Utc>, Option<String>, String)>,
    /// The portal users who can see the published release.
    pub viewers: ReportViewers,
    /// The latest reports with the same status, newest first.
    pub queue: Page<ReportSummary>,
    pub actions: ReportActions,
}

/// Returns a report with everything that its page shows.
pub async fn page(core: &Core, by: Permit<'_, ViewReports>, id: VisitReportId) -> CoreResult<ReportPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let report = load(&mut tx, id).await?;
    let recipients = match report.customer_id {
        Some(customer) => tx.list_recipients(customer, report.location_id).await?,
        None => Vec::new(),
    };
    let attachments = tx.attachments_of(id).await?;
    let files: Vec<_> = attachments.iter().map(|file| file.id).collect();
    let downloads = tx.list_downloads(&files).await?;
    let attachment_of = |file: String| attachments.iter().find(|row| row.id.to_string() == file);
    let downloads = downloads
        .into_iter()
        .filter_map(|(at, user, file)| Some((at, user, attachment_of(file)?.file_name.clone())))
        .collect();
    let releases = tx.list_releases(id).await?;
    let follow_up = tx.follow_up_of_report(id).await?;
    let state = ReportState {
        status: report.status,
        has_published_release: releases
            .iter()
            .any(|release| release.status == ReleaseStatus::Published),
        has_undecided_follow_up: follow_up.as_ref().is_some_and(FollowUpView::is_undecided),
    };
    let staff = by.staff();
    let permissions = ReportPermissions {
        may_approve: staff.has::<ApproveReports>(),
        may_release: staff.has::<ReleaseReports>(),
        may_plan: staff.has::<PlanTargets>(),
    };
    Ok(ReportPage {
        queue: Page::from_rows(tx.reports_in(report.status, None, QUEUE_SIZE + 1).await?, QUEUE_SIZE),
        viewers: view_as::viewers_of_report(&mut tx, id).await?,
        actions: ReportActions::of(state, permissions),
        attachments,
        downloads,
        releases,
        follow_up,
        recipients,
        report,
    })
}

/// Approves a submitted report. Creates its follow-up and, if it is billable, its billing trigger, each at most once.
///
/// # Errors
/// `illegal_transition` unless the report is submitted; `concurrent_modification` if it was submitted again since it was shown.
pub async fn approve(
    core: &Core,
    by: Permit<'_, ApproveReports>,
    id: VisitReportId,
    shown: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    approve_within(&mut tx, by, id, shown).await?;
    finish(core, tx).await
}

/// As [`approve`], as a part of a transaction.
pub(crate) async fn approve_within(
    tx: &mut TenantTx<'_, Staff>,
    _: Permit<'_, ApproveReports>,
    id: VisitReportId,
    shown: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let report = load_shown(tx, id, shown).await?;
    report.status.step(ReportStatus::Approved)?;
    if !tx.decide_report(id, ReportStatus::Approved, None).await? {
        return Err(concurrent_decision());
    }
    tx.audit("visit_report.approved", id, json!({ "target": report.target_id }));
    let target = report.target_id;
    let event = |kind, details| {
        NewEvent::for_target(kind, target)
            .with_customer(report.customer_id)
            .with_location(report.location_id)
            .with_contact(report.contact_id)
            .with_details(details)
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
        tx.add_timeline_entry(
            NewTimelineEntry::for_target(TimelineKind::FollowUpRequired, target)
                .with_customer(report.customer_id)
                .with_location(report.location_id),
        )
        .await?;
    }
    if report.billable
        && let Some(trigger) = tx.insert_billing_trigger(target, id, report.work_minutes).await?
    {
        tx.audit("billing.triggered", trigger, json!({ "visitReport": id }));
        let event_id = tx.emit(event(
            EventType::BillingTriggered,
            json!({ "billingTrigger": { "id": trigger, "visitReportId": id }, "billingDetails": { "workMinutes": report.work_minutes } }),
        ));
        tx.set_billing_event(trigger, event_id).await?;
    }
    Ok(())
}

/// Returns a submitted report to its technician for correction.
///
/// # Errors
/// Field `reason`; otherwise as [`approve`].
pub async fn return_for_correction(
    core: &Core,
    by: Permit<'_, ApproveReports>,
    id: VisitReportId,
    shown: Option<DateTime<Utc>>,
    reason: &str,
) -> CoreResult<()> {
    let mut form = Form::default();
    let reason = form.text("reason", 1_000, text::paragraphs(reason, 1_000));
    form.finish()?;
    let mut tx = core.store.begin(by.staff()).await?;
    let report = load_shown(&mut tx, id, shown).await?;
    report.status.step(ReportStatus::Returned)?;
    if !tx.decide_report(id, ReportStatus::Returned, reason.as_deref()).await? {
        return Err(concurrent_decision());
    }
    tx.audit("visit_report.returned", id, json!({}));
    finish(core, tx).await
}

/// A file with its content.
#[derive(Debug, Clone)]
pub struct Download {
    pub file_name: String,
    pub media_type: String,
    /// Strong validator of the content (RFC 9110, section 8.8.3).
    pub etag: String,
    pub bytes: bytes::Bytes,
}

/// Downloads an attachment of any report.
pub async fn file(core: &Core, by: Permit<'_, ViewReports>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.attachment_file(id).await?;
    fetch(core, by.staff(), row).await
}

/// Downloads an attachment of the signed-in technician's own report.
pub async fn own_file(core: &Core, by: Permit<'_, PerformVisits>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.own_attachment_file(id).await?;
    fetch(core, by.staff(), row).await
}

/// Reads the content of a file. The caller has checked the permission by finding the row.
pub(crate) async fn fetch(core: &Core, actor: &impl Actor, row: Option<FileRow>) -> CoreResult<Download> {
    let row = row.ok_or_else(CoreError::not_found)?;
    let bytes = files::download(core, actor, &row.content_hash).await?;
    Ok(Download {
        file_name: row.file_name,
        media_type: row.media_type,
        etag: format!("\"{}\"", hex(&row.content_hash)),
        bytes,
    })
}

/// Reads the smaller version of a picture for display. The caller has checked the permission by finding the row.
///
/// # Errors
/// `not_found` for a file that is no picture.
pub(crate) async fn fetch_thumbnail(core: &Core, actor: &impl Actor, row: Option<FileRow>) -> CoreResult<Download> {
    let row = row
        .filter(|row| row.media_type.starts_with("image/"))
        .ok_or_else(CoreError::not_found)?;
    let (bytes, digest) = files::thumbnails::content(core, actor, &row.content_hash).await?;
    Ok(Download {
        file_name: row.file_name,
        // The smaller version of a picture of any kind is a JPEG.
        media_type: if digest == row.content_hash {
            row.media_type
        } else {
            "image/jpeg".to_owned()
        },
        etag: format!("\"{}\"", hex(&digest)),
        bytes,
    })
}

/// Returns the smaller version of a picture of the signed-in technician's own report.
pub async fn own_thumbnail(core: &Core, by: Permit<'_, PerformVisits>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.own_attachment_file(id).await?;
    fetch_thumbnail(core, by.staff(), row).await
}

/// Returns the smaller version of a picture of any report.
pub async fn thumbnail(core: &Core, by: Permit<'_, ViewReports>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.attachment_file(id).await?;
    fetch_thumbnail(core, by.staff(), row).await
}

/// Loads a report that was shown with this time of submission. A returned report is submitted again under the same ID, and no one
/// approves a text that they have not read.
async fn load_shown(
    tx: &mut TenantTx<'_, Staff>,
    id: VisitReportId,
    shown: Option<DateTime<Utc>>,
) -> CoreResult<ReportView> {
    let report = load(tx, id).await?;
    let is_other = |shown: DateTime<Utc>| shown.timestamp_millis() != report.submitted_at.timestamp_millis();
    if shown.is_some_and(is_other) {
        return Err(concurrent_decision());
    }
    Ok(report)
}

async fn load(tx: &mut TenantTx<'_, Staff>, id: VisitReportId) -> CoreResult<ReportView> {
    tx.report_view(id).await?.ok_or_else(CoreError::not_found)
}

fn concurrent_decision() -> CoreError {
    CoreError::conflict(Record::Report)
}
