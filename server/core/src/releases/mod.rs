//! Releases: the part of an approved report that the customer can see. Files are selected individually.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::fields::FieldCode;
use domain::identity::permissions::{ApproveReports, ReleaseReports};
use domain::ids::{AttachmentId, VisitReportId};
use domain::problems::{Cause, Record};
use domain::text;
use domain::visits::reports::{ReleaseStatus, ReportStatus};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::releases::store::NewRelease;
use crate::visits::model::ReportView;
use crate::visits::report_review;
use crate::{Core, CoreError, CoreResult};

/// The submitted release form.
#[derive(Debug, Clone, Default)]
pub struct ReleaseForm {
    pub title: String,
    pub summary: String,
    /// Personal message; optional.
    pub message: String,
    /// Description of the follow-up for the customer; empty hides the follow-up.
    pub follow_up: String,
    /// IDs of the files to release.
    pub attachments: Vec<String>,
    /// The latest revision that the form shows, 0 for none; `None` skips the concurrency check.
    pub shown_revision: Option<i64>,
}

/// A validated release form.
struct ReleaseInput {
    title: String,
    summary: String,
    message: Option<String>,
    follow_up: Option<String>,
    attachments: Vec<AttachmentId>,
}

fn parse(form: &ReleaseForm) -> CoreResult<ReleaseInput> {
    let mut errors = Form::default();
    let title = errors.text("title", 200, text::line(&form.title, 200));
    let summary = errors.text("summary", 4_000, text::paragraphs(&form.summary, 4_000));
    let message = errors
        .text("message", 2_000, text::optional_paragraphs(&form.message, 2_000))
        .flatten();
    let follow_up = errors
        .text("follow_up", 500, text::optional_paragraphs(&form.follow_up, 500))
        .flatten();
    let attachments: Vec<AttachmentId> = form.attachments.iter().filter_map(|id| id.parse().ok()).collect();
    if attachments.len() != form.attachments.len() {
        errors.add_error("attachments", FieldCode::UnknownFile);
    }
    errors.finish()?;
    let (Some(title), Some(summary)) = (title, summary) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    Ok(ReleaseInput {
        title,
        summary,
        message,
        follow_up,
        attachments,
    })
}

/// Returns whether a report can be released in a status.
pub(crate) fn is_releasable(status: ReportStatus) -> bool {
    status == ReportStatus::Approved
}

/// Returns the report if it can be released with the input.
async fn load_releasable_report(
    tx: &mut TenantTx<'_, Staff>,
    id: VisitReportId,
    input: &ReleaseInput,
) -> CoreResult<ReportView> {
    let report = find_report(tx, id).await?;
    if !is_releasable(report.status) {
        return Err(CoreError::new(Cause::ReportNotApproved {
            status: report.status.name().to_owned(),
        }));
    }
    ensure_known_files(tx, id, input).await?;
    Ok(report)
}

/// Checks that the files are those of the report.
async fn ensure_known_files(tx: &mut TenantTx<'_, Staff>, id: VisitReportId, input: &ReleaseInput) -> CoreResult<()> {
    let known = tx.attachments_of(id).await?;
    let is_known = |id: &AttachmentId| known.iter().any(|file| file.id == *id);
    if input.attachments.iter().all(is_known) {
        Ok(())
    } else {
        Err(CoreError::field("attachments", FieldCode::UnknownFile))
    }
}

/// Validates a release without publishing it.
///
/// # Errors
/// As [`publish`].
pub async fn preview(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    id: VisitReportId,
    form: &ReleaseForm,
) -> CoreResult<()> {
    let input = parse(form)?;
    let mut tx = core.store.read(by.staff()).await?;
    let report = find_report(&mut tx, id).await?;
    // A submitted report is previewed before it is approved and published at once.
    if report.status == ReportStatus::Submitted {
        ensure_known_files(&mut tx, id, &input).await?;
    } else {
        load_releasable_report(&mut tx, id, &input).await?;
    }
    ensure_latest(&mut tx, id, form.shown_revision).await
}

/// Publishes the first or the next revision of an approved report. Returns the revision.
///
/// # Errors
/// Field errors; `not_found`; `illegal_transition` if the report is not approved; `concurrent_modification` if the form
/// does not show the latest revision.
pub async fn publish(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    id: VisitReportId,
    form: &ReleaseForm,
) -> CoreResult<i64> {
    let input = parse(form)?;
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    let revision = publish_within(&mut tx, id, &input, form.shown_revision).await?;
    finish(core, tx).await?;
    Ok(revision)
}

/// Approves a submitted report and publishes it, or neither. Returns the revision.
///
/// # Errors
/// As [`report_review::approve`] and [`publish`].
pub async fn approve_and_publish(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    approval: Permit<'_, ApproveReports>,
    id: VisitReportId,
    shown: Option<DateTime<Utc>>,
    form: &ReleaseForm,
) -> CoreResult<i64> {
    let input = parse(form)?;
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    report_review::approve_within(&mut tx, approval, id, shown).await?;
    let revision = publish_within(&mut tx, id, &input, form.shown_revision).await?;
    finish(core, tx).await?;
    Ok(revision)
}

async fn publish_within(
    tx: &mut TenantTx<'_, Staff>,
    id: VisitReportId,
    input: &ReleaseInput,
    shown_revision: Option<i64>,
) -> CoreResult<i64> {
    let report = load_releasable_report(tx, id, input).await?;
    ensure_latest(tx, id, shown_revision).await?;
    let replaced = tx.close_published_release(id, ReleaseStatus::Replaced).await?;
    let release = NewRelease {
        report: id,
        title: &input.title,
        summary: &input.summary,
        message: input.message.as_deref(),
        follow_up: input.follow_up.as_deref(),
        attachments: &input.attachments,
    };
    let (release_id, revision) = tx.insert_release(&release).await?;
    tx.audit(
        "portal_release.published",
        release_id,
        json!({ "visitReport": id, "revision": revision, "attachments": input.attachments }),
    );
    tx.add_timeline_entry(timeline_entry(
        &report,
        if replaced {
            TimelineKind::ReportReplaced
        } else {
            TimelineKind::ReportShared
        },
    ))
    .await?;
    Ok(revision)
}

/// Withdraws the published revision, so that the customer cannot see it anymore.
///
/// # Errors
/// `not_found`; `illegal_transition` if the report has no published release; `concurrent_modification` unless
/// `shown_revision` is the latest one.
pub async fn withdraw(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    id: VisitReportId,
    shown_revision: Option<i64>,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock(id).await?;
    let report = find_report(&mut tx, id).await?;
    ensure_latest(&mut tx, id, shown_revision).await?;
    if !tx.close_published_release(id, ReleaseStatus::Withdrawn).await? {
        return Err(CoreError::new(Cause::ReportNotReleased));
    }
    tx.audit("portal_release.withdrawn", id, json!({}));
    tx.add_timeline_entry(timeline_entry(&report, TimelineKind::ReportWithdrawn))
        .await?;
    finish(core, tx).await
}

/// Checks that the form shows the latest revision, so that two people do not replace each other's release unseen.
async fn ensure_latest(tx: &mut TenantTx<'_, Staff>, id: VisitReportId, shown: Option<i64>) -> CoreResult<()> {
    let latest = tx.next_revision(id).await? - 1;
    if shown.is_some_and(|shown| shown != latest) {
        return Err(CoreError::conflict(Record::Report));
    }
    Ok(())
}

async fn find_report(tx: &mut TenantTx<'_, Staff>, id: VisitReportId) -> CoreResult<ReportView> {
    tx.report_view(id).await?.ok_or_else(CoreError::not_found)
}

fn timeline_entry(report: &ReportView, kind: TimelineKind) -> NewTimelineEntry {
    NewTimelineEntry::for_target(kind, report.target_id)
        .with_customer(report.customer_id)
        .with_location(report.location_id)
}
