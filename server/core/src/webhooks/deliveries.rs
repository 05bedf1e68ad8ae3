//! Deliveries and attempts as clients and staff read them, and the wish for one more attempt.

use chrono::{DateTime, Utc};
use domain::ids::{DeliveryId, ReplayId, WebhookEndpointId};
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{ClientPermit, Operator, Permit as StaffPermit};
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::page::{PAGE_SIZE, Page};
use crate::webhooks::endpoints::refuse_disabled;
use crate::webhooks::model::{AttemptLine, DeliveryCount, DeliveryLine};
pub use crate::webhooks::store::delivery_views::DeliveryFilter;
use crate::{Core, CoreError, CoreResult};

/// How many attempts of a delivery are told of.
pub const MOST_ATTEMPTS: i64 = 200;

/// A page of the deliveries of an own endpoint, newest first.
///
/// # Errors
/// `not_found` if the client has no such endpoint.
pub async fn own_list(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    endpoint: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
    limit: i64,
) -> CoreResult<Page<DeliveryLine>> {
    let mut tx = core.store.read(by.client()).await?;
    tx.endpoint(Some(by.client().id()), endpoint)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok(Page::from_rows(
        tx.deliveries_of(endpoint, filter, before, limit + 1).await?,
        limit,
    ))
}

/// A delivery to an own endpoint.
///
/// # Errors
/// `not_found`.
pub async fn own(core: &Core, by: ClientPermit<'_, WebhooksReadScope>, id: DeliveryId) -> CoreResult<DeliveryLine> {
    let client = by.client();
    let mut tx = core.store.read(client).await?;
    let mut delivery = tx
        .delivery(Some(client.id()), id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    // What the credential may not read is not in the body that it is shown.
    delivery.hide(|scope| client.has(scope));
    Ok(delivery)
}

/// The attempts at a delivery to an own endpoint, newest first.
///
/// # Errors
/// `not_found`.
pub async fn own_attempts(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: DeliveryId,
) -> CoreResult<Vec<AttemptLine>> {
    let mut tx = core.store.read(by.client()).await?;
    tx.delivery(Some(by.client().id()), id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok(tx.attempts_of(id, MOST_ATTEMPTS).await?)
}

/// Asks for one more attempt, whatever became of the delivery so far. It does not use up the scheduled ones.
///
/// # Errors
/// `not_found`, `endpoint_disabled`.
pub async fn replay_own(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    id: DeliveryId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&DeliveryLine, ReplayId) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let answer = with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let delivery = tx
            .delivery(Some(by.client().id()), id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        let asked = ask(&mut tx, &delivery).await?;
        let answer = render(&delivery, asked);
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    });
    core.wake_worker.notify_one();
    answer
}

/// Like [`replay_own`], for any endpoint of the tenant.
///
/// # Errors
/// As [`replay_own`].
pub async fn replay_any(core: &Core, by: StaffPermit<'_, ManageIntegrations>, id: DeliveryId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let delivery = tx.delivery(None, id).await?.ok_or_else(CoreError::not_found)?;
    ask(&mut tx, &delivery).await?;
    finish(core, tx).await?;
    core.wake_worker.notify_one();
    Ok(())
}

async fn ask<A: Operator>(tx: &mut TenantTx<'_, A>, delivery: &DeliveryLine) -> Result<ReplayId, CoreError> {
    refuse_disabled(delivery.endpoint_status)?;
    let asked = tx.insert_replay(delivery.id.0, delivery.endpoint_id.0).await?;
    tx.audit(
        "webhook_delivery.replayed",
        delivery.id,
        json!({ "endpoint": delivery.endpoint_id.0 }),
    );
    tx.wake_workers().await?;
    Ok(asked)
}

/// What the staff see of an endpoint's deliveries.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    /// Deliveries, newest first.
    pub page: Page<DeliveryLine>,
    /// How many are in each state, of those made in the last 30 days.
    pub counts: Vec<DeliveryCount>,
    /// Attempts of the last 24 hours, the oldest hour first: arrived and failed.
    pub hours: [(i64, i64); 24],
}

/// A page of the deliveries of an endpoint.
///
/// # Errors
/// `not_found`.
pub async fn page(
    core: &Core,
    by: StaffPermit<'_, ViewIntegrations>,
    endpoint: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
) -> CoreResult<DeliveryPage> {
    let mut tx = core.store.read(by.staff()).await?;
    tx.endpoint(None, endpoint).await?.ok_or_else(CoreError::not_found)?;
    let page = Page::from_rows(
        tx.deliveries_of(endpoint, filter, before, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    );
    let since = core.clock.now() - chrono::TimeDelta::from_std(domain::webhooks::RETENTION).unwrap_or_default();
    let counts = tx.delivery_counts(endpoint, since).await?;
    let mut hours = [(0, 0); 24];
    for (ago, arrived, failed) in tx.hours_of(endpoint).await? {
        if let Some(hour) = usize::try_from(23 - ago).ok().and_then(|index| hours.get_mut(index)) {
            *hour = (arrived, failed);
        }
    }
    Ok(DeliveryPage { page, counts, hours })
}

/// A delivery with its attempts, newest first.
///
/// # Errors
/// `not_found`.
pub async fn get(
    core: &Core,
    by: StaffPermit<'_, ViewIntegrations>,
    id: DeliveryId,
) -> CoreResult<(DeliveryLine, Vec<AttemptLine>)> {
    let mut tx = core.store.read(by.staff()).await?;
    let delivery = tx.delivery(None, id).await?.ok_or_else(CoreError::not_found)?;
    let attempts = tx.attempts_of(id, MOST_ATTEMPTS).await?;
    Ok((delivery, attempts))
}
