//! Webhook endpoints, made and kept by their clients or by the staff: the same acts behind both doors.

pub(crate) mod acts;
pub(crate) mod checks;

use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::fields::Patch;
use domain::ids::{ClientId, EventId, RecoveryId, WebhookEndpointId};
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use domain::webhooks::Ordering;
use secrecy::SecretString;

use crate::commit::finish;
use crate::identity::actors::{ClientPermit, Permit as StaffPermit};
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::webhooks::endpoints::acts::{make, perform};
pub(crate) use crate::webhooks::endpoints::checks::refuse_disabled;
use crate::webhooks::endpoints::checks::{check_act, check_options, check_reach, check_types};
pub use crate::webhooks::endpoints::checks::{grace, local_moment};
use crate::webhooks::guard;
use crate::webhooks::model::{EndpointLine, RecoveryLine};
use crate::{Core, CoreError, CoreResult};

/// The most endpoints of a client: each event is written once for every one of them.
pub const MOST_ENDPOINTS: i64 = 200;
/// How many secrets of an endpoint may sign at a time.
pub const MOST_SECRETS: i64 = 5;
/// The longest URL, in characters.
pub const MOST_URL: usize = 2_000;
/// The longest description, in characters.
pub const MOST_DESCRIPTION: usize = 200;

/// What is sent to make an endpoint, read and checked for shape.
#[derive(Debug, Clone)]
pub struct EndpointForm {
    /// Where events go.
    pub url: String,
    /// Which events.
    pub event_types: Vec<String>,
    /// Which data beyond ids.
    pub data_options: Vec<String>,
    /// In which order.
    pub ordering: Ordering,
    /// Whether deliveries also carry an Ed25519 signature.
    pub asymmetric: bool,
    /// What it is for.
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

/// What is sent to change an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointPatch {
    /// Where events go.
    pub url: Option<String>,
    /// Which events.
    pub event_types: Option<Vec<String>>,
    /// Data options to switch, by name.
    pub data_options: Vec<(String, bool)>,
    /// In which order.
    pub ordering: Option<Ordering>,
    /// What it is for.
    pub description: Patch<String>,
}

/// An act on an endpoint.
#[derive(Debug, Clone)]
pub enum Act {
    /// Changes what it is sent.
    Update(EndpointPatch),
    /// Ends it.
    Delete,
    /// Makes a new secret; those before it sign too for the grace period.
    RotateSecret(Duration),
    /// Sends a test event to it.
    Test,
    /// Lets deliveries go out again.
    Enable,
    /// Stops deliveries; events are held.
    Disable,
    /// Makes held and failed deliveries of a time range after all.
    Recover {
        /// From this moment.
        since: DateTime<Utc>,
        /// Until this moment; until now if absent.
        until: Option<DateTime<Utc>>,
    },
    /// Asks for one more attempt of every delivery of a time range.
    ReplayRange {
        /// From this moment.
        since: DateTime<Utc>,
        /// Until this moment; until now if absent.
        until: Option<DateTime<Utc>>,
    },
}

/// What an act did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The endpoint as it is now; `None` once it is deleted.
    pub endpoint: Option<EndpointLine>,
    /// A new secret, shown this once.
    pub secret: Option<SecretString>,
    /// The test event.
    pub event: Option<EventId>,
    /// The recovery.
    pub recovery: Option<RecoveryId>,
    /// How many deliveries were recovered or replayed.
    pub deliveries: i64,
}

/// How many deliveries one range replay repeats at most.
pub const MOST_REPLAYS: i64 = 10_000;

/// Endpoints of the tenant.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: StaffPermit<'_, ViewIntegrations>) -> CoreResult<Vec<EndpointLine>> {
    Ok(core.store.read(by.staff()).await?.endpoints(None, None).await?)
}

/// One endpoint of the tenant with its recoveries.
///
/// # Errors
/// `not_found`.
pub async fn get(
    core: &Core,
    by: StaffPermit<'_, ViewIntegrations>,
    id: WebhookEndpointId,
) -> CoreResult<(EndpointLine, Vec<RecoveryLine>)> {
    let mut tx = core.store.read(by.staff()).await?;
    let endpoint = tx.endpoint(None, id).await?.ok_or_else(CoreError::not_found)?;
    Ok((endpoint, tx.recoveries_of(id).await?))
}

/// The client's own endpoints.
///
/// # Errors
/// The database does not answer.
pub async fn own_list(core: &Core, by: ClientPermit<'_, WebhooksReadScope>) -> CoreResult<Vec<EndpointLine>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx.endpoints(Some(by.client().id()), None).await?)
}

/// One of the client's own endpoints.
///
/// # Errors
/// `not_found`.
pub async fn own(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: WebhookEndpointId,
) -> CoreResult<EndpointLine> {
    let mut tx = core.store.read(by.client()).await?;
    tx.endpoint(Some(by.client().id()), id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Makes an endpoint of the client. The secret is in the answer of this call and in no other, not even in its repetition
/// under the same idempotency key.
///
/// # Errors
/// `invalid_webhook_url`, `forbidden_webhook_target`, `unknown_event_type`, `data_option_not_permitted`, `quota_exceeded`.
pub async fn create_own(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    form: &EndpointForm,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&EndpointLine, Option<&SecretString>) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    check_types(&form.event_types)?;
    check_options(form.data_options.iter(), |scope| client.has(scope))?;
    guard::check_url(&form.url, &core.settings).await?;
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let (endpoint, secret) = make(core, &mut tx, client.id(), client.source_system, form).await?;
        store_response(&mut tx, idempotency, &render(&endpoint, None)).await?;
        finish(core, tx).await?;
        Ok(render(&endpoint, Some(&secret)))
    })
}

/// Makes an endpoint for a client, as an administrator.
///
/// # Errors
/// As [`create_own`]; `not_found` if there is no such client.
pub async fn create(
    core: &Core,
    by: StaffPermit<'_, ManageIntegrations>,
    client: ClientId,
    form: &EndpointForm,
) -> CoreResult<(WebhookEndpointId, SecretString)> {
    let mut tx = core.store.begin(by.staff()).await?;
    let (source, scopes) = tx.client_of_endpoint(client).await?.ok_or_else(CoreError::not_found)?;
    drop(tx);
    check_types(&form.event_types)?;
    check_options(form.data_options.iter(), |scope| {
        scopes.iter().any(|name| name == scope.name())
    })?;
    guard::check_url(&form.url, &core.settings).await?;
    let mut tx = core.store.begin(by.staff()).await?;
    let (endpoint, secret) = make(core, &mut tx, client, source, form).await?;
    finish(core, tx).await?;
    Ok((endpoint.id.0, secret))
}

/// An act of a client on an endpoint of its own.
///
/// # Errors
/// `not_found`, and those of the act: `endpoint_disabled`, `recover_window_too_large`, `quota_exceeded`, as [`create_own`].
pub async fn act_on_own(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    id: WebhookEndpointId,
    act: &Act,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&Done) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    check_act(core, act).await?;
    let answer = with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let endpoint = tx
            .endpoint(Some(client.id()), id)
            .await?
            .ok_or_else(CoreError::not_found)?;
        if let Act::Update(patch) = act {
            check_reach(client, &endpoint, patch)?;
        }
        let done = perform(core, &mut tx, &endpoint, act).await?;
        let kept = Done {
            secret: None,
            ..done.clone()
        };
        store_response(&mut tx, idempotency, &render(&kept)).await?;
        finish(core, tx).await?;
        Ok(render(&done))
    });
    core.wake_worker.notify_one();
    answer
}

/// An act of an administrator on an endpoint.
///
/// # Errors
/// As [`act_on_own`].
pub async fn act_on(
    core: &Core,
    by: StaffPermit<'_, ManageIntegrations>,
    id: WebhookEndpointId,
    act: &Act,
) -> CoreResult<Done> {
    check_act(core, act).await?;
    let done = with_retries!({
        let mut tx = core.store.begin(by.staff()).await?;
        let endpoint = tx.endpoint(None, id).await?.ok_or_else(CoreError::not_found)?;
        let done = perform(core, &mut tx, &endpoint, act).await?;
        finish(core, tx).await?;
        Ok(done)
    });
    core.wake_worker.notify_one();
    done
}
