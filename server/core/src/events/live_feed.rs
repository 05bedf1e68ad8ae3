//! What open pages watch of an organisation: read once for all of them, while there are any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::ids::{RequestId, RouteSuggestionId, StaffId};
use domain::problems::Cause;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::identity::authentication;
use crate::requests::inbox::PRESENCE_TIMEOUT;
use crate::{Core, CoreError, CoreResult};

/// Interval of polling the database. It finds changes by other processes, which the in-process channel does not report.
const POLL_INTERVAL: Duration = Duration::from_secs(3);
/// Open pages of an account.
const MAX_STREAMS_PER_ACCOUNT: usize = 16;
/// When an account with too many open pages may try again.
const RETRY_SECONDS: u64 = 30;
/// Names shown beside a request.
const MAX_VIEWERS: usize = 5;
/// The progress of a suggestion that is neither queued nor running.
const FINISHED: i64 = 1000;

/// The state of an organisation that open pages show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// The latest sequence of the audit log, which grows with every change.
    pub sequence: i64,
    present: Vec<(Uuid, Uuid, String)>,
    progress: HashMap<Uuid, i64>,
}

impl Snapshot {
    /// Returns the names of others who have a request open.
    pub(super) fn others_at(&self, request: RequestId, own: StaffId) -> Vec<String> {
        let others = self
            .present
            .iter()
            .filter(|(at, who, _)| *at == request.uuid() && *who != own.uuid());
        others.map(|(_, _, name)| name.clone()).take(MAX_VIEWERS).collect()
    }

    pub(super) fn progress(&self, suggestion: RouteSuggestionId) -> i64 {
        self.progress.get(&suggestion.uuid()).copied().unwrap_or(FINISHED)
    }
}

/// The state of an organisation; `None` before it was read for the first time.
pub(super) type Feed = watch::Receiver<Option<Arc<Snapshot>>>;

/// The feeds of this process.
#[derive(Clone, Default)]
pub(crate) struct Feeds(Arc<Mutex<Open>>);

#[derive(Default)]
struct Open {
    by_tenant: HashMap<Uuid, watch::Sender<Option<Arc<Snapshot>>>>,
    by_account: HashMap<StaffId, usize>,
}

/// An open page of an account, until it is dropped.
pub(super) struct OpenPage {
    feeds: Feeds,
    account: StaffId,
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        let mut open = self.feeds.lock();
        if let Some(count) = open.by_account.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                open.by_account.remove(&self.account);
            }
        }
    }
}

impl Feeds {
    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an open page of an account.
    ///
    /// # Errors
    /// `rate_limited` with too many open pages.
    pub(super) fn open_page(&self, account: StaffId) -> CoreResult<OpenPage> {
        let mut open = self.lock();
        let count = open.by_account.entry(account).or_default();
        if *count >= MAX_STREAMS_PER_ACCOUNT {
            return Err(CoreError::new(Cause::RetryLater { seconds: RETRY_SECONDS }));
        }
        *count += 1;
        drop(open);
        Ok(OpenPage {
            feeds: self.clone(),
            account,
        })
    }

    /// Subscribes to an organisation; the first subscriber starts its reader.
    pub(super) fn subscribe(&self, core: &Core, tenant: TenantId) -> Feed {
        let mut open = self.lock();
        if let Some(sender) = open.by_tenant.get(&tenant.uuid()) {
            return sender.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        open.by_tenant.insert(tenant.uuid(), sender.clone());
        tokio::spawn(read_repeatedly(core.clone(), tenant, sender));
        receiver
    }

    /// Removes the feed of an organisation without subscribers; false if there is one again.
    fn remove_unused(&self, tenant: TenantId, sender: &watch::Sender<Option<Arc<Snapshot>>>) -> bool {
        let mut open = self.lock();
        let is_unused = sender.receiver_count() == 0;
        if is_unused {
            open.by_tenant.remove(&tenant.uuid());
        }
        is_unused
    }

    #[cfg(test)]
    fn readers(&self) -> usize {
        self.lock().by_tenant.len()
    }
}

async fn read_repeatedly(core: Core, tenant: TenantId, sender: watch::Sender<Option<Arc<Snapshot>>>) {
    let mut changes = core.changes.subscribe();
    loop {
        match read(&core, tenant).await {
            Ok(snapshot) => {
                sender.send_if_modified(|last| {
                    let is_new = last.as_deref() != Some(&snapshot);
                    if is_new {
                        *last = Some(Arc::new(snapshot));
                    }
                    is_new
                });
            }
            Err(error) => tracing::debug!(%error, "failed to read live updates"),
        }
        tokio::select! {
            () = sender.closed() => {
                if core.feeds.remove_unused(tenant, &sender) {
                    return;
                }
            }
            () = changed_here(&mut changes, tenant) => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
        }
    }
}

async fn read(core: &Core, tenant: TenantId) -> CoreResult<Snapshot> {
    let system = authentication::system(tenant, "live_updates");
    let mut tx = core.store.read(&system).await?;
    Ok(Snapshot {
        sequence: tx.live_sequence().await?,
        present: tx.live_presence(core.clock.now() - PRESENCE_TIMEOUT).await?,
        progress: tx.live_progress().await?.into_iter().collect(),
    })
}

/// Waits for a change in the organisation by this process.
async fn changed_here(changes: &mut Receiver<Uuid>, tenant: TenantId) {
    loop {
        match changes.recv().await {
            Ok(changed) if changed == tenant.uuid() => return,
            Ok(_) => {}
            // Messages were missed, so the state must be read again.
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::demo_systems;

    #[tokio::test]
    async fn pages_of_a_tenant_share_one_reader_that_ends_with_them() {
        for (core, _) in demo_systems().await {
            let tenant = TenantId::from_uuid(Uuid::from_u128(7));
            let mut pages: Vec<Feed> = (0..20).map(|_| core.feeds.subscribe(&core, tenant)).collect();
            pages.push(core.feeds.subscribe(&core, TenantId::from_uuid(Uuid::from_u128(8))));
            assert_eq!(core.feeds.readers(), 2);
            for page in &mut pages {
                page.changed().await.expect("the reader runs");
            }
            drop(pages);
            while core.feeds.readers() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn open_page_above_limit_is_refused_until_one_is_closed() {
        let feeds = Feeds::default();
        let account = StaffId::from_uuid(Uuid::from_u128(1));
        let mut pages: Vec<OpenPage> = (0..MAX_STREAMS_PER_ACCOUNT)
            .map(|_| feeds.open_page(account).expect("page is open"))
            .collect();
        assert!(feeds.open_page(account).is_err());
        assert!(feeds.open_page(StaffId::from_uuid(Uuid::from_u128(2))).is_ok());
        pages.pop();
        assert!(feeds.open_page(account).is_ok());
    }
}
