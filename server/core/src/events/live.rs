//! Live updates: tells an open page that something in its organisation has changed, so that it reads itself again, and keeps
//! the sign that somebody has a request open.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{RequestId, RouteSuggestionId};
use domain::permissions::ViewOperations;
use tokio::sync::broadcast::error::RecvError;

use crate::identity::actors::{Actor as _, Permit, Staff};
use crate::requests::inbox::PRESENCE_TIMEOUT;
use crate::{Core, CoreResult};

/// How often a page looks by itself: changes that another process made are not heard otherwise.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// How often the sign of presence is renewed.
const RENEW_EVERY: TimeDelta = TimeDelta::seconds(20);

/// A page that waits for changes. While it is held, its person counts as having the request open.
pub struct Watch {
    core: Core,
    staff: Staff,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    renewed_at: Option<DateTime<Utc>>,
    receiver: tokio::sync::broadcast::Receiver<uuid::Uuid>,
    /// The mark, the names of the others, and how far the suggestion was, as they were told last.
    seen: (i64, Vec<String>, i64),
}

/// Begins to watch, at a request, at a route suggestion or at a list alone, from the mark on that the page was made at, or
/// from now on.
///
/// # Errors
/// The database does not answer.
pub async fn watch(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    request: Option<RequestId>,
    suggestion: Option<RouteSuggestionId>,
    since: Option<i64>,
) -> CoreResult<Watch> {
    let staff = by.staff().clone();
    let receiver = core.changes.subscribe();
    let mark = match since {
        Some(mark) => mark,
        None => core.store.read(&staff).await?.last_audit().await?,
    };
    Ok(Watch {
        core: core.clone(),
        staff,
        request,
        suggestion,
        renewed_at: None,
        receiver,
        seen: (mark, Vec::new(), 0),
    })
}

impl Watch {
    /// Waits until something has changed; the answer is a mark of how far the organisation's history has come.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn changed(&mut self) -> CoreResult<i64> {
        loop {
            self.renew().await?;
            let now = self.core.clock.now();
            let mut tx = self.core.store.read(&self.staff).await?;
            let mark = tx.last_audit().await?;
            let others = match self.request {
                Some(request) => tx.others_at(request, now - PRESENCE_TIMEOUT).await?,
                None => Vec::new(),
            };
            let progress = match self.suggestion {
                Some(suggestion) => tx.suggestion(suggestion).await?.map_or(0, |found| found.progress),
                None => 0,
            };
            drop(tx);
            let state = (mark, others, progress);
            if self.seen != state {
                self.seen = state;
                return Ok(mark);
            }
            self.wait().await;
        }
    }

    async fn renew(&mut self) -> CoreResult<()> {
        let now = self.core.clock.now();
        let Some(request) = self.request else {
            return Ok(());
        };
        if self.renewed_at.is_some_and(|at| now - at < RENEW_EVERY) {
            return Ok(());
        }
        self.renewed_at = Some(now);
        set_presence(&self.core, &self.staff, request, true).await
    }

    /// Until somebody of the organisation has done something, or it is time to look.
    async fn wait(&mut self) {
        let own = self.staff.tenant().uuid();
        let heard = async {
            loop {
                match self.receiver.recv().await {
                    Ok(tenant) if tenant == own => return,
                    Ok(_) => {}
                    // Behind: something was missed, so it is time to look.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        let _ = tokio::time::timeout(POLL_INTERVAL, heard).await;
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
                    tracing::debug!(%error, "a sign of presence stays until it runs out");
                }
            });
        }
    }
}

async fn set_presence(core: &Core, staff: &Staff, request: RequestId, here: bool) -> CoreResult<()> {
    // A look at test data has no account there, and nobody works on it.
    if staff.is_test() {
        return Ok(());
    }
    let mut tx = core.store.begin(staff).await?;
    if tx.request_view(request).await?.is_none() {
        return Ok(());
    }
    tx.set_presence(request, here).await?;
    tx.commit().await?;
    let _ = core.changes.send(staff.tenant().uuid());
    Ok(())
}
