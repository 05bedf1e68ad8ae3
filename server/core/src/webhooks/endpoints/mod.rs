//! Webhook endpoints: creation and actions, shared by the client API and the staff app.

pub(crate) mod actions;
pub(crate) mod checks;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::fields::Patch;
use domain::identity::permissions::{ManageIntegrations, ViewIntegrations};
use domain::ids::{ClientId, DeliveryId, EventId, RecoveryId, WebhookEndpointId};
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use domain::webhooks::Ordering;
use secrecy::SecretString;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{ClientPermit, Partner, Permit as StaffPermit, Staff};
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::webhooks::deliveries;
use crate::webhooks::deliveries::{DeliveryFilter, DeliveryPage};
use crate::webhooks::endpoints::actions::{create_endpoint, perform};
pub(crate) use crate::webhooks::endpoints::checks::ensure_enabled;
pub use crate::webhooks::endpoints::checks::{MAX_EVENT_TYPES, grace, local_moment};
use crate::webhooks::endpoints::checks::{check_data_access, check_options, validate_action, validate_event_types};
use crate::webhooks::guard;
use crate::webhooks::health_mails::recovery_window;
use crate::webhooks::model::{EndpointActions, EndpointSummary, RecoverySummary};
use crate::{Core, CoreError, CoreResult};

/// Endpoints per client: each event creates one delivery per endpoint.
pub const MAX_ENDPOINTS_PER_CLIENT: i64 = 200;
/// Concurrently valid secrets of an endpoint.
pub const MAX_SECRETS_PER_ENDPOINT: i64 = 5;
pub const MAX_URL_CHARS: usize = 2_000;
pub const MAX_DESCRIPTION_CHARS: usize = 200;

/// Request to create an endpoint, already checked for syntax.
#[derive(Debug, Clone)]
pub struct EndpointForm {
    pub url: String,
    pub event_types: Vec<String>,
    /// Names of data options: data in delivery bodies beyond ids.
    pub data_options: Vec<String>,
    pub ordering: Ordering,
    /// Whether deliveries also carry an Ed25519 signature.
    pub asymmetric: bool,
    pub description: Option<String>,
}

impl Default for EndpointForm {
    fn default() -> Self {
        Self {
            url: String::new(),
            event_types: Vec::new(),
            data_options: Vec::new(),
            ordering: Ordering::None,
            asymmetric: false,
            description: None,
        }
    }
}

/// Partial update of an endpoint; absent fields remain unchanged.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// The version that the form shows; `None` skips the concurrency check.
    pub shown: Option<String>,
    pub url: Option<String>,
    pub event_types: Option<Vec<String>>,
    /// Data options to turn on or off, by name.
    pub data_options: Vec<(String, bool)>,
    pub ordering: Option<Ordering>,
    pub description: Patch<String>,
}

/// An action on an endpoint.
#[derive(Debug, Clone)]
pub enum Act {
    Update(EndpointPatch),
    Delete,
    /// Creates a new secret; previous secrets stay valid for the grace period.
    RotateSecret(Duration),
    /// Sends a test event to the endpoint.
    Test,
    Enable,
    /// Stops sending; pending deliveries are held.
    Disable,
    /// Retries held and failed deliveries of a time range.
    Recover {
        /// Inclusive start.
        since: DateTime<Utc>,
        /// Exclusive end; the current time if absent.
        until: Option<DateTime<Utc>>,
    },
    /// Requests one more attempt of every delivery of a time range.
    ReplayRange {
        /// Inclusive start.
        since: DateTime<Utc>,
        /// Exclusive end; the current time if absent.
        until: Option<DateTime<Utc>>,
    },
}

/// Result of an action.
#[derive(Debug, Clone)]
pub struct Done {
    /// Updated endpoint; `None` after deletion.
    pub endpoint: Option<EndpointSummary>,
    /// New secret, returned only once.
    pub secret: Option<SecretString>,
    pub event: Option<EventId>,
    pub recovery: Option<RecoveryId>,
    /// Number of recovered or replayed deliveries.
    pub deliveries: i64,
}

/// Deliveries of one range replay.
pub const MAX_REPLAYS_PER_RANGE: i64 = 10_000;

/// An endpoint with everything that its page shows.
#[derive(Debug, Clone)]
pub struct EndpointPage {
    pub endpoint: EndpointSummary,
    pub recoveries: Vec<RecoverySummary>,
    /// Deliveries with statistics.
    pub deliveries: DeliveryPage,
    /// Until when the oldest event that was not delivered can be recovered, if there is one.
    pub recoverable_until: Option<DateTime<Utc>>,
    pub actions: EndpointActions,
}

/// An endpoint that does not work, and what is at stake.
#[derive(Debug, Clone)]
pub struct BrokenEndpoint {
    pub endpoint: EndpointSummary,
    /// Until when the oldest event that was not delivered can be recovered, if there is one.
    pub recoverable_until: Option<DateTime<Utc>>,
}

/// How many broken endpoints a home page names.
const MAX_BROKEN_NAMED: usize = 5;

/// Returns the endpoints that fail, or that were disabled other than on purpose, for the home pages of staff.
pub async fn list_broken(core: &Core, by: StaffPermit<'_, ViewIntegrations>) -> CoreResult<Vec<BrokenEndpoint>> {
    let mut tx = core.store.read(by.staff()).await?;
    let endpoints = tx.endpoints(None, None).await?;
    let mut broken = Vec::new();
    for endpoint in endpoints
        .into_iter()
        .filter(EndpointSummary::is_broken)
        .take(MAX_BROKEN_NAMED)
    {
        let recoverable_until = recoverable_until(core, &mut tx, endpoint.id).await?;
        broken.push(BrokenEndpoint {
            endpoint,
            recoverable_until,
        });
    }
    Ok(broken)
}

/// Returns until when the oldest event that was not delivered to an endpoint can be recovered.
async fn recoverable_until(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    endpoint: WebhookEndpointId,
) -> CoreResult<Option<DateTime<Utc>>> {
    let window = recovery_window();
    let oldest = tx.oldest_waiting_delivery(endpoint, core.clock.now() - window).await?;
    Ok(oldest.map(|at| at + window))
}

/// Returns an endpoint of the tenant with its recoveries and a page of its deliveries, newest first.
///
/// # Errors
/// `not_found` if there is no such endpoint.
pub async fn page(
    core: &Core,
    by: StaffPermit<'_, ViewIntegrations>,
    id: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
) -> CoreResult<EndpointPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let endpoint = tx.endpoint(None, id).await?.ok_or_else(CoreError::not_found)?;
    Ok(EndpointPage {
        recoveries: tx.list_recoveries(id).await?,
        recoverable_until: recoverable_until(core, &mut tx, id).await?,
        deliveries: deliveries::load_page(core, &mut tx, id, filter, before).await?,
        actions: EndpointActions::of(endpoint.status, by.staff().has::<ManageIntegrations>()),
        endpoint,
    })
}

/// Returns the endpoints of the partner's source system.
pub async fn list_for_partner(core: &Core, by: &Partner) -> CoreResult<Vec<EndpointSummary>> {
    Ok(core.store.read(by).await?.endpoints_of_source(None).await?)
}

/// Returns an endpoint of the partner's source system with a page of its deliveries, newest first.
///
/// # Errors
/// `not_found` if the source has no such endpoint.
pub async fn page_for_partner(
    core: &Core,
    by: &Partner,
    id: WebhookEndpointId,
    filter: &DeliveryFilter,
    before: Option<(DateTime<Utc>, DeliveryId)>,
) -> CoreResult<(EndpointSummary, DeliveryPage)> {
    let mut tx = core.store.read(by).await?;
    let endpoints = tx.endpoints_of_source(Some(id)).await?;
    let endpoint = endpoints.into_iter().next().ok_or_else(CoreError::not_found)?;
    let page = deliveries::load_page(core, &mut tx, id, filter, before).await?;
    Ok((endpoint, page))
}

/// Returns the endpoints that belong to the client.
pub async fn list_for_client(core: &Core, by: ClientPermit<'_, WebhooksReadScope>) -> CoreResult<Vec<EndpointSummary>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx.endpoints(Some(by.client().id()), None).await?)
}

/// Returns an endpoint that belongs to the client.
///
/// # Errors
/// `not_found` if the client has no such endpoint.
pub async fn get_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: WebhookEndpointId,
) -> CoreResult<EndpointSummary> {
    let mut tx = core.store.read(by.client()).await?;
    tx.endpoint(Some(by.client().id()), id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Creates an endpoint for the calling client. The secret is part of this response only; a replay under the same
/// idempotency key does not include it.
///
/// # Errors
/// `invalid_webhook_url`, `forbidden_webhook_target`, `unknown_event_type`, `data_option_not_permitted`,
/// `quota_exceeded`.
pub async fn create_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    form: &EndpointForm,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&EndpointSummary, Option<&SecretString>) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    validate_event_types(&form.event_types)?;
    check_options(form.data_options.iter(), |scope| client.has(scope))?;
    guard::check_url(&form.url, &core.settings).await?;
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let (endpoint, secret) = create_endpoint(core, &mut tx, client.id(), client.source_system(), form).await?;
        store_response(&mut tx, idempotency, &render(&endpoint, None)).await?;
        finish(core, tx).await?;
        Ok(render(&endpoint, Some(&secret)))
    })
}

/// Creates an endpoint for a client on behalf of an administrator.
///
/// # Errors
/// Same as [`create_for_client`]; `not_found` if there is no such client.
pub async fn create(
    core: &Core,
    by: StaffPermit<'_, ManageIntegrations>,
    client: ClientId,
    form: &EndpointForm,
) -> CoreResult<(WebhookEndpointId, SecretString)> {
    let mut tx = core.store.begin(by.staff()).await?;
    let (source, scopes) = tx.client_of_endpoint(client).await?.ok_or_else(CoreError::not_found)?;
    drop(tx);
    validate_event_types(&form.event_types)?;
    check_options(form.data_options.iter(), |scope| {
        scopes.iter().any(|name| name == scope.name())
    })?;
    guard::check_url(&form.url, &core.settings).await?;
    let mut tx = core.store.begin(by.staff()).await?;
    let (endpoint, secret) = create_endpoint(core, &mut tx, client, source, form).await?;
    finish(core, tx).await?;
    Ok((endpoint.id, secret))
}

/// Performs an action on an endpoint that belongs to the client.
///
/// # Errors
/// `not_found`; depending on the action `endpoint_disabled`, `recover_window_too_large` or the errors of
/// [`create_for_client`].
pub async fn perform_for_client(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    id: WebhookEndpointId,
    action: &Act,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&Done) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    validate_action(core, action).await?;
    let response = with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        tx.lock(id).await?;
        let endpoint = tx
            .endpoint(Some(client.id()), id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        if let Act::Update(patch) = action {
            check_data_access(client, &endpoint, patch)?;
        }
        let outcome = perform(core, &mut tx, &endpoint, action).await?;
        let without_secret = Done {
            secret: None,
            ..outcome.clone()
        };
        store_response(&mut tx, idempotency, &render(&without_secret)).await?;
        finish(core, tx).await?;
        Ok(render(&outcome))
    });
    core.wake_worker.notify_one();
    response
}

/// Performs an action on an endpoint on behalf of an administrator.
///
/// # Errors
/// Same as [`perform_for_client`].
pub async fn perform_action(
    core: &Core,
    by: StaffPermit<'_, ManageIntegrations>,
    id: WebhookEndpointId,
    action: &Act,
) -> CoreResult<Done> {
    validate_action(core, action).await?;
    let outcome = with_retries!({
        let mut tx = core.store.begin(by.staff()).await?;
        tx.lock(id).await?;
        let endpoint = tx.endpoint(None, id).await?.ok_or_else(CoreError::not_found)?;
        let outcome = perform(core, &mut tx, &endpoint, action).await?;
        finish(core, tx).await?;
        Ok(outcome)
    });
    core.wake_worker.notify_one();
    outcome
}
