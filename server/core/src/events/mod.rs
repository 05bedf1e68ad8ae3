//! Events that clients can read, for example to catch up after an outage, and live updates of open pages.

pub mod live;
mod live_feed;
mod new_event;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::live_feed::Feeds;
pub(crate) use self::new_event::NewEvent;
pub(crate) use self::store::EventContext;
pub(crate) use self::store::event_columns;
pub(crate) use self::store::event_joins;
pub(crate) use self::store::write;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::ids::EventId;
use domain::problems::Cause;
use domain::scopes::markers::EventsReadScope;
use domain::webhooks::{API_VERSION, RETENTION};
use serde_json::Value;

use crate::db::purpose::Purge;
use crate::identity::actors::ClientPermit;
use crate::page::Page;
use crate::webhooks::body;
use crate::{Core, CoreError, CoreResult};

/// An event as its source system can read it.
#[derive(Debug, Clone)]
pub struct ClientEvent {
    /// Equal to `webhook-id` of its deliveries.
    pub id: EventId,
    /// Position in the event sequence of the tenant.
    pub sequence: i64,
    /// The delivery body without data options.
    pub body: Value,
}

impl From<EventContext> for ClientEvent {
    fn from(event: EventContext) -> Self {
        Self {
            id: event.event_id.0,
            sequence: event.sequence,
            body: body::render_value(&event, &[], API_VERSION),
        }
    }
}

fn retention_start(core: &Core) -> DateTime<Utc> {
    core.clock.now() - TimeDelta::from_std(RETENTION).unwrap_or(TimeDelta::MAX)
}

/// Returns a page of events after a sequence, oldest first.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, EventsReadScope>,
    after: i64,
    since: Option<DateTime<Utc>>,
    kind: Option<EventType>,
    limit: i64,
) -> CoreResult<Page<ClientEvent>> {
    let retention_start = retention_start(core);
    let since = since.unwrap_or(retention_start).max(retention_start);
    let mut tx = core.store.read(by.client()).await?;
    let rows = tx.list_events_of_source(after, since, kind, limit + 1).await?;
    Ok(Page::from_rows(
        rows.into_iter().map(ClientEvent::from).collect(),
        limit,
    ))
}

/// Returns an event.
///
/// # Errors
/// `not_found`; `event_expired` for any ID that was created more than 30 days ago.
pub async fn get(core: &Core, by: ClientPermit<'_, EventsReadScope>, id: EventId) -> CoreResult<ClientEvent> {
    let retention_start = retention_start(core);
    // The creation time is part of the ID (UUIDv7), so the response is the same for IDs of other clients and unknown
    // IDs.
    let created_at = (id.uuid().get_version_num() == 7)
        .then(|| i64::try_from(id.uuid().as_u128() >> 80).ok())
        .flatten()
        .and_then(DateTime::from_timestamp_millis);
    if created_at.is_some_and(|at| at < retention_start) {
        return Err(CoreError::new(Cause::EventExpired { days: 30 }));
    }
    let mut tx = core.store.read(by.client()).await?;
    let event = tx
        .find_event_of_source(id, retention_start)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok(event.into())
}

/// Deletes events after the retention period, with their deliveries and attempts.
pub async fn purge_old(core: &Core) -> CoreResult<()> {
    let retention_start = retention_start(core);
    let tenants = core.store.read_system().await?.tenant_ids().await?;
    for tenant in tenants {
        loop {
            let mut tx = core.store.begin_system::<Purge>().await?;
            let purged = tx.purge_old_events(tenant, retention_start).await?;
            tx.commit().await?;
            if purged == 0 {
                break;
            }
        }
    }
    Ok(())
}
