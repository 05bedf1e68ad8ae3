//! The review queue.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::{ReviewRequests, ViewOperations};
use domain::ids::{AttachmentId, TargetId};

use crate::classification::model::RuleView;
use crate::db::TenantTx;
use crate::exports;
use crate::identity::actors::{Permit, Staff};
use crate::jobs::model::TargetSummary;
use crate::page::{PAGE_SIZE, Page};
use crate::requests::model::{InboxActions, RequestSummary};
use crate::scheduling::model::TechnicianChoice;
use crate::visits::notices::TechnicianNews;
use crate::visits::report_review::Download;
use crate::visits::{notices, report_review};
use crate::{Core, CoreResult};

pub use crate::requests::store::inbox::{AssignedTo, InboxPlace, RequestFilter, Stage, StageCounts};

/// Counters stop at this number.
pub const MAX_COUNTED: i64 = 1_000;
/// The inbox names at most this many late visits.
pub const MAX_LATE_VISITS: i64 = 50;
/// How long after the last heartbeat a staff member counts as present.
pub(crate) const PRESENCE_TIMEOUT: TimeDelta = TimeDelta::seconds(45);

/// Requests and targets that await dispatch.
#[derive(Debug, Clone)]
pub struct Inbox {
    /// Requests that match the filter.
    pub requests: Page<RequestSummary>,
    /// Visits that should have taken place, those that are late for longest first; at most [`MAX_LATE_VISITS`].
    pub late_visits: Vec<TargetSummary>,
    /// Unscheduled targets.
    pub targets: Page<TargetSummary>,
    /// Number of undecided and accepted requests, up to [`MAX_COUNTED`].
    pub waiting_requests: i64,
    /// The same by stage.
    pub stages: StageCounts,
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
    /// The paths of the requests and jobs on whose pages the viewer has typed something and not sent it.
    pub drafts: Vec<String>,
    pub actions: InboxActions,
}

/// Which part of the inbox is shown.
#[derive(Debug, Clone)]
pub struct InboxSelection {
    pub filter: RequestFilter,
    /// Cursor of the requests.
    pub requests_after: Option<(DateTime<Utc>, InboxPlace)>,
    /// Cursor of the targets.
    pub targets_after: Option<(DateTime<Utc>, TargetId)>,
}

/// The inbox without an open request.
#[derive(Debug, Clone)]
pub struct InboxPage {
    pub inbox: Inbox,
    /// What technicians have sent to dispatch.
    pub technician_news: TechnicianNews,
}

/// Returns the inbox with a page of each list: what is late first, then the oldest.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, selection: &InboxSelection) -> CoreResult<InboxPage> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(InboxPage {
        inbox: load(&mut tx, selection).await?,
        technician_news: notices::technician_news(&mut tx).await?,
    })
}

/// Loads the inbox within a transaction.
pub(super) async fn load(tx: &mut TenantTx<'_, Staff>, selection: &InboxSelection) -> CoreResult<Inbox> {
    let InboxSelection {
        filter,
        requests_after,
        targets_after,
    } = selection;
    let may_review = tx.staff().has::<ReviewRequests>();
    Ok(Inbox {
        // Read first: a change that the lists do not show yet must reload the page.
        audit_sequence: tx.latest_audit_sequence().await?,
        requests: Page::from_rows(tx.requests(filter, *requests_after, PAGE_SIZE + 1).await?, PAGE_SIZE),
        late_visits: tx.late_targets(MAX_LATE_VISITS).await?,
        targets: Page::from_rows(tx.open_targets(*targets_after, PAGE_SIZE + 1).await?, PAGE_SIZE),
        waiting_requests: tx.count_waiting_requests(MAX_COUNTED).await?,
        stages: tx.count_stages(MAX_COUNTED).await?,
        answered_requests: tx.count_answered_requests(MAX_COUNTED).await?,
        waiting_targets: tx.count_open_targets().await?,
        reviewers: tx.reviewers().await?,
        regions: regions(tx.rules().await?),
        drafts: {
            let mut pages = tx.draft_pages_below("/app/inbox/").await?;
            pages.extend(tx.draft_pages_below("/app/targets/").await?);
            pages
        },
        actions: InboxActions::of(may_review),
    })
}

/// Returns all requests that the inbox has on its pages under a filter.
///
/// # Errors
/// Field `rows` if there are too many.
pub async fn export(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    filter: &RequestFilter,
) -> CoreResult<Vec<RequestSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    let now = core.clock.now();
    let mut found: Vec<RequestSummary> = Vec::new();
    loop {
        let after = found.last().map(|last| {
            let (urgency, request) = (last.urgency(now), last.id);
            (last.submitted_at, InboxPlace { urgency, request })
        });
        let chunk = tx.requests(filter, after, exports::CHUNK).await?;
        let is_last = exports::is_last(chunk.len());
        found.extend(chunk);
        exports::check_size(found.len())?;
        if is_last {
            break;
        }
    }
    drop(tx);
    exports::record(core, by.staff(), "requests", found.len()).await?;
    Ok(found)
}

fn regions(rules: Vec<RuleView>) -> Vec<String> {
    let names: BTreeSet<String> = rules.into_iter().filter_map(|rule| rule.outcome.region).collect();
    names.into_iter().collect()
}

/// Downloads a file of a request.
pub async fn file(core: &Core, by: Permit<'_, ViewOperations>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.request_file(id).await?;
    report_review::fetch(core, by.staff(), row).await
}

/// Returns the smaller version of a picture of a request.
pub async fn thumbnail(core: &Core, by: Permit<'_, ViewOperations>, id: AttachmentId) -> CoreResult<Download> {
    let row = core.store.read(by.staff()).await?.request_file(id).await?;
    report_review::fetch_thumbnail(core, by.staff(), row).await
}
