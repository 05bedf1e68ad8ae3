//! Events to read: the way to catch up after an outage.

pub mod live;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::EventContext;
pub(crate) use self::store::NewEvent;
pub(crate) use self::store::event_columns;
pub(crate) use self::store::event_joins;
pub(crate) use self::store::wake;
pub(crate) use self::store::write;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::ids::EventId;
use domain::problems::Problem;
use domain::scopes::markers::EventsReadScope;
use domain::webhooks::{API_VERSION, RETENTION};
use serde_json::Value;

use crate::identity::actors::ClientPermit;
use crate::page::Page;
use crate::webhooks::body;
use crate::{Core, CoreError, CoreResult};

/// An event as its source system may read it.
#[derive(Debug, Clone)]
pub struct ClientEvent {
    /// Its id, which is `webhook-id` of its deliveries.
    pub id: EventId,
    /// Its place in the order of the organisation's events.
    pub sequence: i64,
    /// The body of a delivery without data options.
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

fn oldest(core: &Core) -> DateTime<Utc> {
    core.clock.now() - TimeDelta::from_std(RETENTION).unwrap_or(TimeDelta::MAX)
}

/// A page of events after a sequence, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, EventsReadScope>,
    after: i64,
    since: Option<DateTime<Utc>>,
    kind: Option<EventType>,
    limit: i64,
) -> CoreResult<Page<ClientEvent>> {
    let oldest = oldest(core);
    let since = since.unwrap_or(oldest).max(oldest);
    let mut tx = core.store.read(by.client()).await?;
    let rows = tx.own_events(after, since, kind, limit + 1).await?;
    Ok(Page::from_rows(
        rows.into_iter().map(ClientEvent::from).collect(),
        limit,
    ))
}

/// One event.
///
/// # Errors
/// `not_found`; `event_expired` for an id that was made more than 30 days ago, whoever's it was.
pub async fn get(core: &Core, by: ClientPermit<'_, EventsReadScope>, id: EventId) -> CoreResult<ClientEvent> {
    let oldest = oldest(core);
    // The moment stands in the id itself (UUIDv7), so that foreign and unknown ids are answered alike.
    let made_at = (id.uuid().get_version_num() == 7)
        .then(|| i64::try_from(id.uuid().as_u128() >> 80).ok())
        .flatten()
        .and_then(DateTime::from_timestamp_millis);
    if made_at.is_some_and(|at| at < oldest) {
        return Err(CoreError::new(Problem::EventExpired, "Events are kept for 30 days."));
    }
    let mut tx = core.store.read(by.client()).await?;
    let event = tx.own_event(id, oldest).await?.ok_or_else(CoreError::not_found)?;
    Ok(event.into())
}

/// Removes events that are no longer kept, with their deliveries and attempts.
///
/// # Errors
/// The database does not answer.
pub async fn purge_old(core: &Core) -> CoreResult<()> {
    let oldest = oldest(core);
    let tenants = core.store.read_system().await?.tenant_ids().await?;
    for tenant in tenants {
        loop {
            let mut tx = core.store.begin_system().await?;
            let forgotten = tx.purge_old_events(tenant, oldest).await?;
            tx.commit().await?;
            if forgotten == 0 {
                break;
            }
        }
    }
    Ok(())
}
