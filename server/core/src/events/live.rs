//! Live updates: notifies open pages about changes in their organisation and maintains the presence of staff at
//! requests.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::{PerformVisits, ViewOperations};
use domain::ids::{RequestId, RouteSuggestionId};

use crate::events::live_feed::{Feed, OpenPage, Snapshot};
use crate::identity::actors::{Actor as _, Permit, Staff};
use crate::{Core, CoreError, CoreResult};

/// Interval of renewing the presence at a request.
const PRESENCE_INTERVAL: TimeDelta = TimeDelta::seconds(20);
/// How often the presence may be due.
const WAKE_INTERVAL: Duration = Duration::from_secs(5);

/// A subscription of an open page. Until it is dropped, the staff member is shown as present at the request.
pub struct Watch {
    core: Core,
    staff: Staff,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    presence_renewed_at: Option<DateTime<Utc>>,
    feed: Feed,
    _page: OpenPage,
    /// The audit sequence, the names of other viewers and the progress of the suggestion that were reported last.
    last_state: (i64, Vec<String>, i64),
}

/// Subscribes to changes of the organisation, and of a request or a route suggestion. `since` is the audit sequence at
/// which the page was rendered; `None` means the current one.
///
/// # Errors
/// `rate_limited` if the account has too many pages open.
pub async fn watch(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    since: Option<i64>,
) -> CoreResult<Watch> {
    open(core, by.staff(), (request, suggestion), since).await
}

/// Subscribes a page of My day to changes of the organisation; see [`watch`].
///
/// # Errors
/// `rate_limited` if the account has too many pages open.
pub async fn watch_day(core: &Core, by: Permit<'_, PerformVisits>, since: Option<i64>) -> CoreResult<Watch> {
    open(core, by.staff(), (None, None), since).await
}

async fn open(
    core: &Core,
    staff: &Staff,
    (request, suggestion): (Option<RequestId>, Option<RouteSuggestionId>),
    since: Option<i64>,
) -> CoreResult<Watch> {
    let page = core.feeds.open_page(staff.id())?;
    let feed = core.feeds.subscribe(core, staff.tenant());
    let latest_sequence = match since {
        Some(latest_sequence) => latest_sequence,
        None => core.store.read(staff).await?.latest_audit_sequence().await?,
    };
    Ok(Watch {
        core: core.clone(),
        staff: staff.clone(),
        request,
        suggestion,
        presence_renewed_at: None,
        feed,
        _page: page,
        last_state: (latest_sequence, Vec::new(), 0),
    })
}

impl Watch {
    /// Waits for a change. Returns the latest audit sequence of the organisation.
    pub async fn changed(&mut self) -> CoreResult<i64> {
        loop {
            self.renew_presence().await?;
            let snapshot: Option<Arc<Snapshot>> = self.feed.borrow_and_update().clone();
            if let Some(snapshot) = snapshot {
                let state = (
                    snapshot.sequence,
                    self.request
                        .map(|request| snapshot.others_at(request, self.staff.id()))
                        .unwrap_or_default(),
                    self.suggestion.map_or(0, |suggestion| snapshot.progress(suggestion)),
                );
                if self.last_state != state {
                    self.last_state = state;
                    return Ok(snapshot.sequence);
                }
            }
            tokio::select! {
                changed = self.feed.changed() => changed.map_err(CoreError::internal)?,
                () = tokio::time::sleep(WAKE_INTERVAL), if self.request.is_some() => {}
            }
        }
    }

    async fn renew_presence(&mut self) -> CoreResult<()> {
        let now = self.core.clock.now();
        let Some(request) = self.request else {
            return Ok(());
        };
        if self.presence_renewed_at.is_some_and(|at| now - at < PRESENCE_INTERVAL) {
            return Ok(());
        }
        self.presence_renewed_at = Some(now);
        set_presence(&self.core, &self.staff, request, true).await
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(request) = self.request else {
            return;
        };
        let (core, staff) = (self.core.clone(), self.staff.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = set_presence(&core, &staff, request, false).await {
                    tracing::debug!(%error, "failed to end presence");
                }
            });
        }
    }
}

async fn set_presence(core: &Core, staff: &Staff, request: RequestId, is_present: bool) -> CoreResult<()> {
    // A view-as session in the sandbox has no account there.
    if staff.is_test() {
        return Ok(());
    }
    let mut tx = core.store.begin(staff).await?;
    if tx.request_view(request).await?.is_none() {
        return Ok(());
    }
    tx.set_presence(request, is_present).await?;
    tx.commit().await?;
    let _ = core.changes.send(staff.tenant().uuid());
    Ok(())
}
