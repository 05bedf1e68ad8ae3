//! The review queue, and the page of a single request.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::ViewOperations;
use domain::ids::{AttachmentId, RequestId, TargetId};

use crate::classification::model::RuleView;
use crate::identity::actors::Permit;
use crate::intake::model::FileLine;
use crate::jobs::model::TargetLine;
use crate::page::{PAGE_SIZE, Page};
use crate::requests::model::{ContactHint, MessageLine, NoteLine, RequestLine, RequestView};
use crate::scheduling::model::TechnicianChoice;
use crate::visits::report_review;
use crate::visits::report_review::Download;
use crate::{Core, CoreError, CoreResult};

pub use crate::requests::store::inbox::{AssignedTo, RequestFilter};

/// Counters stop at this number.
pub const MAX_COUNTED: i64 = 1_000;
/// How long after the last heartbeat a staff member counts as present.
pub(crate) const PRESENCE_TIMEOUT: TimeDelta = TimeDelta::seconds(45);

/// Requests and targets that await dispatch.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Requests that match the filter.
    pub requests: Page<RequestLine>,
    /// Unscheduled targets.
    pub targets: Page<TargetLine>,
    /// Number of undecided and accepted requests, up to [`MAX_COUNTED`].
    pub waiting_requests: i64,
    /// Number of unread answers, up to [`MAX_COUNTED`].
    pub answered_requests: i64,
    /// Number of unscheduled targets.
    pub waiting_targets: i64,
    /// Staff members who can be assigned to requests.
    pub reviewers: Vec<TechnicianChoice>,
    /// The regions that classification rules set.
    pub regions: Vec<String>,
    /// Sequence number of the latest audit entry, from which the page listens for changes.
    pub audit_sequence: i64,
}

/// Returns the inbox with a page of each list, oldest first.
pub async fn inbox(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    filter: &RequestFilter,
    requests_after: Option<(DateTime<Utc>, RequestId)>,
    targets_after: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<Inbox> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Inbox {
        audit_sequence: tx.latest_audit_sequence().await?,
        requests: Page::from_rows(tx.requests(filter, requests_after, PAGE_SIZE + 1).await?, PAGE_SIZE),
        targets: Page::from_rows(tx.open_targets(targets_after, PAGE_SIZE + 1).await?, PAGE_SIZE),
        waiting_requests: tx.count_waiting_requests(MAX_COUNTED).await?,
        answered_requests: tx.count_answered_requests(MAX_COUNTED).await?,
        waiting_targets: tx.count_open_targets().await?,
        reviewers: tx.reviewers().await?,
        regions: regions(tx.rules().await?),
    })
}

fn regions(rules: Vec<RuleView>) -> Vec<String> {
    let names: BTreeSet<String> = rules.into_iter().filter_map(|rule| rule.outcome.0.region).collect();
    names.into_iter().collect()
}

/// A request with related records.
#[derive(Debug, Clone)]
pub struct RequestPage {
    pub request: RequestView,
    /// Active targets at the same location.
    pub active_targets_here: Vec<TargetLine>,
    /// Other undecided requests at the same location.
    pub other_requests_here: Vec<RequestLine>,
    pub files: Vec<FileLine>,
    /// Notes that only staff can read.
    pub notes: Vec<NoteLine>,
    /// Messages that the requester can read.
    pub messages: Vec<MessageLine>,
    /// Contacts with the requester's email address, while no customer is assigned.
    pub hints: Vec<ContactHint>,
    /// Names of other staff members who have the request open.
    pub others: Vec<String>,
}

/// Returns a request with related records.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: RequestId) -> CoreResult<RequestPage> {
    let staff = by.staff();
    let mut tx = core.store.read(staff).await?;
    let request = tx.request_view(id).await?.ok_or_else(CoreError::not_found)?;
    let (mut active_targets_here, other_requests_here) = match request.location_id {
        Some(location) => (
            tx.active_targets_at(location.0).await?,
            tx.waiting_requests_at(location.0, id).await?,
        ),
        None => (Vec::new(), Vec::new()),
    };
    // Exclude the job that was created from this request.
    active_targets_here.retain(|target| request.target_id != Some(target.id));
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
        active_targets_here,
        other_requests_here,
        files: tx.request_files(id).await?,
        notes: tx.notes(id).await?,
        messages: tx.messages(id).await?,
        hints,
        others: tx.others_at(id, core.clock.now() - PRESENCE_TIMEOUT).await?,
        request,
    };
    Ok(page)
}

/// Downloads a file of a request.
pub async fn file(core: &Core, by: Permit<'_, ViewOperations>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.request_file(id).await?;
    report_review::fetch(core, by.staff(), row).await
}
