//! Reads deliveries and attempts for clients and staff, and requests manual replays.

use chrono::{DateTime, Utc};
use domain::identity::permissions::{ManageIntegrations, ViewIntegrations};
use domain::ids::{DeliveryId, ReplayId, WebhookEndpointId};
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{ClientPermit, DeliveryReader, Operator, Partner, Permit as StaffPermit};
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::page::{PAGE_SIZE, Page};
use crate::webhooks::endpoints::ensure_enabled;
use crate::webhooks::model::{AttemptEntry, DeliveryCount, DeliverySummary};
pub use crate::webhooks::store::delivery_views::DeliveryFilter;
use crate::{Core, CoreError, CoreResult};

/// Attempts of a delivery that are returned at most.
pub const MAX_ATTEMPTS: i64 = 200;

/// Returns a page of the deliveries of an endpoint that belongs to the client, newest first.
///
/// # Errors
/// `not_found` if the client has no such endpoint.
pub async fn list_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    endpoint: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
    limit: i64,
) -> CoreResult<Page<DeliverySummary>> {
    let mut tx = core.store.read(by.client()).await?;
    tx.endpoint(Some(by.client().id()), endpoint)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok(Page::from_rows(
        tx.list_deliveries(endpoint, filter, before, limit + 1).await?,
        limit,
    ))
}

/// Returns a delivery to an endpoint that belongs to the client.
///
/// # Errors
/// `not_found` if the client has no such delivery.
pub async fn get_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: DeliveryId,
) -> CoreResult<DeliverySummary> {
    let client = by.client();
    let mut tx = core.store.read(client).await?;
    let mut delivery = tx
        .delivery(Some(client.id()), id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    // The body excludes data that the client has no scope to read.
    delivery.hide(|scope| client.has(scope));
    Ok(delivery)
}

/// Returns the attempts of a delivery to an endpoint that belongs to the client, newest first.
///
/// # Errors
/// `not_found` if the client has no such delivery.
pub async fn list_attempts_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: DeliveryId,
) -> CoreResult<Vec<AttemptEntry>> {
    let mut tx = core.store.read(by.client()).await?;
    tx.delivery(Some(by.client().id()), id)
        .await?
        .ok_or_else(CoreError::not_found)?;
    Ok(tx.list_attempts(id, MAX_ATTEMPTS).await?)
}

/// Requests one more attempt, regardless of the delivery's status. It does not count towards the retry schedule.
///
/// # Errors
/// `not_found`, or `endpoint_disabled` if the endpoint is disabled.
pub async fn replay_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    id: DeliveryId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&DeliverySummary, ReplayId) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let response = with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let delivery = tx
            .delivery(Some(by.client().id()), id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        let replay = request_replay(&mut tx, &delivery).await?;
        let response = render(&delivery, replay);
        store_response(&mut tx, idempotency, &response).await?;
        finish(core, tx).await?;
        Ok(response)
    });
    core.wake_worker.notify_one();
    response
}

/// Requests one more attempt of a delivery to any endpoint of the tenant.
///
/// # Errors
/// Same as [`replay_for_client`].
pub async fn replay(core: &Core, by: StaffPermit<'_, ManageIntegrations>, id: DeliveryId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let delivery = tx.delivery(None, id).await?.ok_or_else(CoreError::not_found)?;
    request_replay(&mut tx, &delivery).await?;
    finish(core, tx).await?;
    core.wake_worker.notify_one();
    Ok(())
}

async fn request_replay<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    delivery: &DeliverySummary,
) -> Result<ReplayId, CoreError> {
    ensure_enabled(delivery.endpoint_status)?;
    let replay = tx.insert_replay(delivery.id, delivery.endpoint_id).await?;
    tx.audit(
        "webhook_delivery.replayed",
        delivery.id,
        json!({ "endpoint": delivery.endpoint_id }),
    );
    tx.wake_workers().await?;
    Ok(replay)
}

/// Deliveries of an endpoint with statistics, for staff and partners.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    /// Newest first.
    pub page: Page<DeliverySummary>,
    /// Deliveries per status, created within the retention period.
    pub counts: Vec<DeliveryCount>,
    /// Successful and failed attempts per hour of the last 24 hours, oldest hour first.
    pub hours: [(i64, i64); 24],
}

/// Loads a page of the deliveries of an endpoint, newest first.
pub(crate) async fn load_page<A: DeliveryReader>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
) -> CoreResult<DeliveryPage> {
    let page = Page::from_rows(
        tx.list_deliveries(endpoint, filter, before, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    );
    let since = core.clock.now() - chrono::TimeDelta::from_std(domain::webhooks::RETENTION).unwrap_or_default();
    let counts = tx.delivery_counts(endpoint, since).await?;
    let mut hours = [(0, 0); 24];
    for (hours_ago, succeeded, failed) in tx.attempts_by_hour(endpoint).await? {
        if let Some(hour) = usize::try_from(23 - hours_ago)
            .ok()
            .and_then(|index| hours.get_mut(index))
        {
            *hour = (succeeded, failed);
        }
    }
    Ok(DeliveryPage { page, counts, hours })
}

/// A delivery with its attempts.
#[derive(Debug, Clone)]
pub struct DeliveryDetails {
    pub delivery: DeliverySummary,
    /// Newest first.
    pub attempts: Vec<AttemptEntry>,
    /// Whether the viewer can request one more attempt.
    pub can_replay: bool,
}

/// Returns a delivery with its attempts, newest attempt first.
///
/// # Errors
/// `not_found` if there is no such delivery.
pub async fn get(core: &Core, by: StaffPermit<'_, ViewIntegrations>, id: DeliveryId) -> CoreResult<DeliveryDetails> {
    let mut tx = core.store.read(by.staff()).await?;
    let delivery = tx.delivery(None, id).await?.ok_or_else(CoreError::not_found)?;
    Ok(DeliveryDetails {
        attempts: tx.list_attempts(id, MAX_ATTEMPTS).await?,
        can_replay: by.staff().has::<ManageIntegrations>() && ensure_enabled(delivery.endpoint_status).is_ok(),
        delivery,
    })
}

/// Returns a delivery to an endpoint of the partner's source system with its attempts, newest attempt first. The body
/// excludes data that the client of the endpoint has no scope to read.
///
/// # Errors
/// `not_found` if the source has no such delivery.
pub async fn get_for_partner(core: &Core, by: &Partner, id: DeliveryId) -> CoreResult<DeliveryDetails> {
    let mut tx = core.store.read(by).await?;
    let mut delivery = tx.delivery(None, id).await?.ok_or_else(CoreError::not_found)?;
    let endpoints = tx.endpoints_of_source(Some(delivery.endpoint_id)).await?;
    let endpoint = endpoints.into_iter().next().ok_or_else(CoreError::not_found)?;
    delivery.hide(|scope| endpoint.client_scopes.iter().any(|name| name == scope.name()));
    Ok(DeliveryDetails {
        attempts: tx.list_attempts(id, MAX_ATTEMPTS).await?,
        can_replay: false,
        delivery,
    })
}
