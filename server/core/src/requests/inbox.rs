//! The review queue, and one request with everything that a decision about it needs.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AttachmentId, RequestId, TargetId};
use domain::permissions::ViewOperations;

use crate::classification::model::RuleView;
use crate::identity::actors::Permit;
use crate::intake::model::FileLine;
use crate::jobs::model::TargetLine;
use crate::page::{PAGE, Page};
use crate::requests::model::{ContactHint, MessageLine, NoteLine, RequestLine, RequestView};
use crate::scheduling::model::TechnicianChoice;
use crate::visits::report_review;
use crate::visits::report_review::Download;
use crate::{Core, CoreError, CoreResult};

pub use crate::requests::store::requests::{AssignedTo, RequestFilter};

/// Up to how many waiting things are counted.
pub const MOST_COUNTED: i64 = 1_000;
/// How long after the last sign of life somebody still counts as being there.
pub(crate) const PRESENT: TimeDelta = TimeDelta::seconds(45);

/// What waits for dispatch.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Requests that fit the filter.
    pub requests: Page<RequestLine>,
    /// Targets that wait for an appointment.
    pub targets: Page<TargetLine>,
    /// How many requests wait in all, up to [`MOST_COUNTED`].
    pub waiting_requests: i64,
    /// How many answers nobody has read yet, up to [`MOST_COUNTED`].
    pub answered_requests: i64,
    /// How many targets wait in all.
    pub waiting_targets: i64,
    /// Who may decide about requests.
    pub reviewers: Vec<TechnicianChoice>,
    /// The regions that rules know.
    pub regions: Vec<String>,
    /// How far the organisation's history had come: what comes later is news to this page.
    pub mark: i64,
}

/// The inbox, oldest first; a page of each list from its own place.
///
/// # Errors
/// The database does not answer.
pub async fn inbox(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    filter: &RequestFilter,
    requests_after: Option<(DateTime<Utc>, RequestId)>,
    targets_after: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<Inbox> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Inbox {
        mark: tx.last_audit().await?,
        requests: Page::cut(tx.requests(filter, requests_after, PAGE + 1).await?, PAGE),
        targets: Page::cut(tx.open_targets(targets_after, PAGE + 1).await?, PAGE),
        waiting_requests: tx.count_waiting_requests(MOST_COUNTED).await?,
        answered_requests: tx.count_answered_requests(MOST_COUNTED).await?,
        waiting_targets: tx.count_open_targets().await?,
        reviewers: tx.reviewers().await?,
        regions: regions(tx.rules().await?),
    })
}

fn regions(rules: Vec<RuleView>) -> Vec<String> {
    let names: BTreeSet<String> = rules.into_iter().filter_map(|rule| rule.outcome.0.region).collect();
    names.into_iter().collect()
}

/// A request with what is known around it.
#[derive(Debug, Clone)]
pub struct RequestPage {
    /// The request.
    pub request: RequestView,
    /// Open targets at the same location.
    pub already_here: Vec<TargetLine>,
    /// Other requests that wait for the same location.
    pub also_waiting: Vec<RequestLine>,
    /// Files that came along.
    pub files: Vec<FileLine>,
    /// What only the team sees.
    pub notes: Vec<NoteLine>,
    /// What the requester sees.
    pub messages: Vec<MessageLine>,
    /// Contacts with the requester's e-mail address, as long as nobody has said whose request it is.
    pub hints: Vec<ContactHint>,
    /// Others who have it open right now.
    pub others: Vec<String>,
}

/// One request. Who has it open is noted by the live page.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: RequestId) -> CoreResult<RequestPage> {
    let staff = by.staff();
    let mut tx = core.store.read(staff).await?;
    let request = tx.request_view(id).await?.ok_or_else(CoreError::not_found)?;
    let (mut already_here, also_waiting) = match request.location_id {
        Some(location) => (
            tx.active_targets_at(location.0).await?,
            tx.waiting_requests_at(location.0, id).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    // The job that this very request became is no other work.
    already_here.retain(|target| request.target_id != Some(target.id));
    let email = request
        .requester
        .as_ref()
        .and_then(|requester| requester.0.email.clone())
        .filter(|_| request.customer_id.is_none());
    let hints = match email {
        Some(email) => tx.contacts_with_email(&email).await?,
        None => Vec::new(),
    };
    let page = RequestPage {
        already_here,
        also_waiting,
        files: tx.request_files(id).await?,
        notes: tx.notes(id).await?,
        messages: tx.messages(id).await?,
        hints,
        others: tx.others_at(id, core.clock.now() - PRESENT).await?,
        request,
    };
    Ok(page)
}

/// A file that came with a request.
///
/// # Errors
/// `not_found`.
pub async fn file(core: &Core, by: Permit<'_, ViewOperations>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.request_file(id).await?;
    report_review::fetch(core, by.staff(), row).await
}
