//! Live updates: notifies open pages about changes in their organisation and maintains the presence of staff at
//! requests.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::ViewOperations;
use domain::ids::{RequestId, RouteSuggestionId};
use tokio::sync::broadcast::error::RecvError;

use crate::identity::actors::{Actor as _, Permit, Staff};
use crate::requests::inbox::PRESENCE_TIMEOUT;
use crate::{Core, CoreResult};

/// Interval of polling the database. It finds changes by other processes, which the in-process channel does not report.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// Interval of renewing the presence at a request.
const PRESENCE_INTERVAL: TimeDelta = TimeDelta::seconds(20);

/// A subscription of an open page. Until it is dropped, the staff member is shown as present at the request.
pub struct Watch {
    core: Core,
    staff: Staff,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    presence_renewed_at: Option<DateTime<Utc>>,
    receiver: tokio::sync::broadcast::Receiver<uuid::Uuid>,
    /// The audit sequence, the names of other viewers and the progress of the suggestion that were reported last.
    last_state: (i64, Vec<String>, i64),
}

/// Subscribes to changes of the organisation, and of a request or a route suggestion. `since` is the audit sequence at
/// which the page was rendered; `None` means the current one.
pub async fn watch(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    since: Option<i64>,
) -> CoreResult<Watch> {
    let staff = by.staff().clone();
    let receiver = core.changes.subscribe();
    let latest_sequence = match since {
        Some(latest_sequence) => latest_sequence,
        None => core.store.read(&staff).await?.latest_audit_sequence().await?,
    };
    Ok(Watch {
        core: core.clone(),
        staff,
        request,
        suggestion,
        presence_renewed_at: None,
        receiver,
        last_state: (latest_sequence, Vec::new(), 0),
    })
}

impl Watch {
    /// Waits for a change. Returns the latest audit sequence of the organisation.
    pub async fn changed(&mut self) -> CoreResult<i64> {
        loop {
            self.renew_presence().await?;
            let now = self.core.clock.now();
            let mut tx = self.core.store.read(&self.staff).await?;
            let latest_sequence = tx.latest_audit_sequence().await?;
            let other_viewers = match self.request {
                Some(request) => tx.others_at(request, now - PRESENCE_TIMEOUT).await?,
                None => Vec::new(),
            };
            let progress = match self.suggestion {
                Some(suggestion) => tx.suggestion(suggestion).await?.map_or(0, |found| found.progress),
                None => 0,
            };
            drop(tx);
            let state = (latest_sequence, other_viewers, progress);
            if self.last_state != state {
                self.last_state = state;
                return Ok(latest_sequence);
            }
            self.wait().await;
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

    /// Waits for a change in the organisation by this process, at most for the polling interval.
    async fn wait(&mut self) {
        let own_tenant = self.staff.tenant().uuid();
        let changed_here = async {
            loop {
                match self.receiver.recv().await {
                    Ok(tenant) if tenant == own_tenant => return,
                    Ok(_) => {}
                    // Messages were missed, so the state must be read again.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(POLL_INTERVAL, changed_here).await;
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
