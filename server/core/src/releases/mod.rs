//! Releases: what the customer gets of an approved report. Nothing is visible before, and files only one by one.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use domain::ids::{AttachmentId, VisitReportId};
use domain::permissions::ReleaseReports;
use domain::problems::Problem;
use domain::text;
use domain::visit_reports::{ReleaseStatus, ReportStatus};
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::releases::store::NewRelease;
use crate::visits::model::ReportView;
use crate::{Core, CoreError, CoreResult};

/// What the release panel sends.
#[derive(Debug, Clone, Default)]
pub struct ReleaseForm {
    /// Title for the customer.
    pub title: String,
    /// Summary for the customer.
    pub summary: String,
    /// Personal message; may be empty.
    pub message: String,
    /// What is still to be done, in words for the customer; empty shows no follow-up.
    pub follow_up: String,
    /// Ids of the files that the customer may have.
    pub attachments: Vec<String>,
}

/// What a form says, read and found good.
struct Words {
    title: String,
    summary: String,
    message: Option<String>,
    follow_up: Option<String>,
    attachments: Vec<AttachmentId>,
}

fn read(input: &ReleaseForm) -> CoreResult<Words> {
    let mut form = Form::default();
    let title = form.text("title", 200, text::line(&input.title, 200));
    let summary = form.text("summary", 4_000, text::paragraphs(&input.summary, 4_000));
    let message = form
        .text("message", 2_000, text::optional_paragraphs(&input.message, 2_000))
        .flatten();
    let follow_up = form
        .text("follow_up", 500, text::optional_paragraphs(&input.follow_up, 500))
        .flatten();
    let attachments: Vec<AttachmentId> = input.attachments.iter().filter_map(|id| id.parse().ok()).collect();
    if attachments.len() != input.attachments.len() {
        form.add_error(
            "attachments",
            "unknown_file",
            "One of the files does not belong to this report.",
        );
    }
    form.finish()?;
    let (Some(title), Some(summary)) = (title, summary) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    Ok(Words {
        title,
        summary,
        message,
        follow_up,
        attachments,
    })
}

/// A report that may be released with these words.
async fn releasable(tx: &mut TenantTx<'_, Staff>, id: VisitReportId, words: &Words) -> CoreResult<ReportView> {
    let report = load(tx, id).await?;
    if report.status != ReportStatus::Approved {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            format!(
                "It is {}; only an approved report can be released.",
                report.status.name()
            ),
        ));
    }
    let known = tx.attachments_of(id).await?;
    if words
        .attachments
        .iter()
        .any(|wanted| !known.iter().any(|file| file.id.0 == *wanted))
    {
        return Err(CoreError::field(
            "attachments",
            "unknown_file",
            "One of the files does not belong to this report.",
        ));
    }
    Ok(report)
}

/// Says whether a release could be published as it is, and publishes nothing.
///
/// # Errors
/// As [`publish`].
pub async fn preview(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    id: VisitReportId,
    input: &ReleaseForm,
) -> CoreResult<()> {
    let words = read(input)?;
    let mut tx = core.store.read(by.staff()).await?;
    releasable(&mut tx, id, &words).await.map(drop)
}

/// Publishes the first or the next revision of an approved report.
///
/// # Errors
/// Fields; `not_found`; `illegal_transition` if the report is not approved.
pub async fn publish(
    core: &Core,
    by: Permit<'_, ReleaseReports>,
    id: VisitReportId,
    input: &ReleaseForm,
) -> CoreResult<i64> {
    let words = read(input)?;
    let mut tx = core.store.begin(by.staff()).await?;
    let report = releasable(&mut tx, id, &words).await?;
    let replaced = tx.end_published_release(id, ReleaseStatus::Replaced).await?;
    let release = NewRelease {
        report: id,
        title: &words.title,
        summary: &words.summary,
        message: words.message.as_deref(),
        follow_up: words.follow_up.as_deref(),
        attachments: &words.attachments,
    };
    let (release_id, revision) = tx.insert_release(&release).await?;
    tx.audit(
        "portal_release.published",
        release_id,
        json!({ "visitReport": id, "revision": revision, "attachments": words.attachments }),
    );
    tx.note(entry(
        &report,
        if replaced { "report_replaced" } else { "report_shared" },
    ))
    .await?;
    finish(core, tx).await?;
    Ok(revision)
}

/// Takes the published revision back; the customer sees nothing of it any more.
///
/// # Errors
/// `not_found`; `illegal_transition` if nothing is published.
pub async fn withdraw(core: &Core, by: Permit<'_, ReleaseReports>, id: VisitReportId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let report = load(&mut tx, id).await?;
    if !tx.end_published_release(id, ReleaseStatus::Withdrawn).await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "Nothing of this report is published.",
        ));
    }
    tx.audit("portal_release.withdrawn", id, json!({}));
    tx.note(entry(&report, "report_withdrawn")).await?;
    finish(core, tx).await
}

async fn load(tx: &mut TenantTx<'_, Staff>, id: VisitReportId) -> CoreResult<ReportView> {
    tx.report_view(id).await?.ok_or_else(CoreError::not_found)
}

fn entry(report: &ReportView, kind: &'static str) -> NewEntry {
    NewEntry {
        kind,
        customer: report.customer_id.map(|key| key.0),
        location: report.location_id.map(|key| key.0),
        target: Some(report.target_id.0),
        request: None,
    }
}
