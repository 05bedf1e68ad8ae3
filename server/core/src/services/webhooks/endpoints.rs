//! Webhook endpoints, made and kept by their clients or by the staff: the same acts behind both doors.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::fields::{FieldError, Patch};
use domain::ids::{ClientId, EventId, RecoveryId, SourceSystemId, WebhookEndpointId, WebhookSecretId};
use domain::lifecycle::Lifecycle as _;
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::problems::Problem;
use domain::scopes::Scope;
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use domain::webhooks::{
    DEFAULT_GRACE, DataOption, DisabledReason, EndpointStatus, LONGEST_GRACE, Ordering, RECOVERABLE,
};
use secrecy::SecretString;
use serde_json::json;

use super::{KEY_PLACE, SECRET_PLACE, place};
use crate::actors::{ApiClient, ClientPermit, Operator, Permit as StaffPermit};
use crate::services::finish;
use crate::services::idempotency::{Answer, Failed, IdempotencyKey, keep, replay, with_tries};
use crate::store::{NewEndpoint, NewEvent, NewWebhookSecret, Range, StoreError, TenantTx};
use crate::views::{EndpointLine, RecoveryLine};
use crate::webhooks::{guard, signature};
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
    render: impl Fn(&EndpointLine, Option<&SecretString>) -> Answer,
) -> CoreResult<Answer> {
    let client = by.client();
    check_types(&form.event_types)?;
    check_options(form.data_options.iter(), |scope| client.has(scope))?;
    guard::check_url(&form.url, &core.settings).await?;
    with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let (endpoint, secret) = make(core, &mut tx, client.id(), client.source_system, form).await?;
        keep(&mut tx, idempotency, &render(&endpoint, None)).await?;
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
    render: impl Fn(&Done) -> Answer,
) -> CoreResult<Answer> {
    let client = by.client();
    check_act(core, act).await?;
    let answer = with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
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
        keep(&mut tx, idempotency, &render(&kept)).await?;
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
    let done = with_tries!({
        let mut tx = core.store.begin(by.staff()).await?;
        let endpoint = tx.endpoint(None, id).await?.ok_or_else(CoreError::not_found)?;
        let done = perform(core, &mut tx, &endpoint, act).await?;
        finish(core, tx).await?;
        Ok(done)
    });
    core.wake_worker.notify_one();
    done
}

/// What a credential may not read it may not have sent either: neither by switching an option on, nor by leading an
/// endpoint elsewhere that has one on.
fn check_reach(client: &ApiClient, endpoint: &EndpointLine, patch: &EndpointPatch) -> CoreResult<()> {
    let switched_on = patch.data_options.iter().filter(|(_, on)| *on).map(|(name, _)| name);
    check_options(switched_on, |scope| client.has(scope))?;
    if patch.url.is_some() {
        let stays = |name: &&String| !patch.data_options.iter().any(|(other, on)| other == *name && !on);
        check_options(endpoint.data_options.0.iter().filter(stays), |scope| client.has(scope))?;
    }
    Ok(())
}

/// Reads a local date and time of a form, such as `2026-11-24T09:30`, in a zone. In the hour that the clock skips there is no
/// such moment; of the two in autumn the first counts.
///
/// # Errors
/// Field `name`.
pub fn local_moment(name: &str, text: &str, zone: &str) -> CoreResult<DateTime<Utc>> {
    use chrono::TimeZone as _;
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .ok()
        .and_then(|local| zone.from_local_datetime(&local).earliest())
        .map(|moment| moment.with_timezone(&Utc))
        .ok_or_else(|| CoreError::field(name, "invalid_date", "Choose a date and a time."))
}

/// Reads a grace period in seconds; the usual one if none was sent.
///
/// # Errors
/// Field `gracePeriodSeconds`.
pub fn grace(seconds: Option<i64>) -> CoreResult<Duration> {
    let Some(seconds) = seconds else {
        return Ok(DEFAULT_GRACE);
    };
    u64::try_from(seconds)
        .ok()
        .map(Duration::from_secs)
        .filter(|grace| *grace <= LONGEST_GRACE)
        .ok_or_else(|| {
            let detail = format!("A number from 0 to {} is required.", LONGEST_GRACE.as_secs());
            CoreError::field("/gracePeriodSeconds", "validation_failed", detail)
        })
}

fn check_types(names: &[String]) -> CoreResult<()> {
    if names.is_empty() {
        return Err(CoreError::field(
            "/eventTypes",
            "validation_failed",
            "At least one event type is required.",
        ));
    }
    let unknown: Vec<FieldError> = names
        .iter()
        .enumerate()
        .filter(|(_, name)| EventType::from_name(name).is_none_or(|kind| kind == EventType::WebhookTest))
        .map(|(index, _)| {
            FieldError::new(
                format!("/eventTypes/{index}"),
                "unknown_event_type",
                "Names are in the list of event types.",
            )
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(CoreError {
        problem: Problem::UnknownEventType,
        fields: unknown,
        detail: "An event type is not known.".to_owned(),
    })
}

fn check_options<'a>(names: impl Iterator<Item = &'a String>, holds: impl Fn(Scope) -> bool) -> CoreResult<()> {
    for name in names {
        let pointer = format!("/dataOptions/{name}");
        let option = DataOption::from_name(name)
            .ok_or_else(|| CoreError::field(&pointer, "unknown_field", "This data option is not known."))?;
        let scope = option.scope();
        if !holds(scope) {
            let detail = format!("The data option {name} needs the scope {}.", scope.name());
            return Err(CoreError {
                problem: Problem::DataOptionNotPermitted,
                fields: vec![FieldError::new(pointer, "data_option_not_permitted", detail.clone())],
                detail,
            });
        }
    }
    Ok(())
}

/// What can be told before the endpoint is looked up, and what must not happen inside a transaction.
async fn check_act(core: &Core, act: &Act) -> CoreResult<()> {
    match act {
        Act::Update(patch) => {
            if let Some(names) = &patch.event_types {
                check_types(names)?;
            }
            check_options(patch.data_options.iter().map(|(name, _)| name), |_| true)?;
            if let Some(url) = &patch.url {
                guard::check_url(url, &core.settings).await?;
            }
        }
        Act::Recover { since, until } | Act::ReplayRange { since, until } => {
            let now = core.clock.now();
            let oldest = now - TimeDelta::from_std(RECOVERABLE).unwrap_or(TimeDelta::MAX);
            if *since < oldest {
                return Err(CoreError {
                    problem: Problem::RecoverWindowTooLarge,
                    fields: vec![FieldError::new(
                        "/since",
                        "recover_window_too_large",
                        "At most 14 days back.",
                    )],
                    detail: "Events are held for 14 days.".to_owned(),
                });
            }
            if until.unwrap_or(now) <= *since {
                return Err(CoreError::field(
                    "/until",
                    "validation_failed",
                    "A moment after since is required.",
                ));
            }
        }
        Act::Delete | Act::RotateSecret(_) | Act::Test | Act::Enable | Act::Disable => {}
    }
    Ok(())
}

fn unique(names: &[String]) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names
        .iter()
        .filter(|name| seen.insert(name.as_str()))
        .cloned()
        .collect()
}

async fn make<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    client: ClientId,
    source_system: SourceSystemId,
    form: &EndpointForm,
) -> Result<(EndpointLine, SecretString), CoreError> {
    tx.lock_client(client).await?;
    if tx.count_endpoints(client).await? >= MOST_ENDPOINTS {
        return Err(CoreError::new(
            Problem::QuotaExceeded,
            format!("A client has at most {MOST_ENDPOINTS} endpoints."),
        ));
    }
    let id: WebhookEndpointId = tx.new_id();
    let (event_types, data_options) = (unique(&form.event_types), unique(&form.data_options));
    tx.insert_endpoint(&NewEndpoint {
        id,
        client,
        source_system,
        url: &form.url,
        description: form.description.as_deref(),
        event_types: &event_types,
        data_options: &data_options,
        ordering: form.ordering,
    })
    .await?;
    let secret = add_secret(core, tx, id, form.asymmetric).await?;
    tx.audit(
        "webhook_endpoint.created",
        id,
        json!({ "eventTypes": event_types, "dataOptions": data_options, "ordering": form.ordering.name() }),
    );
    let endpoint = tx.endpoint(Some(client), id).await?.ok_or_else(CoreError::not_found)?;
    Ok((endpoint, secret))
}

async fn add_secret<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: WebhookEndpointId,
    asymmetric: bool,
) -> Result<SecretString, CoreError> {
    let id: WebhookSecretId = tx.new_id();
    let secret = signature::new_secret(&core.randomness);
    let close = |plain: &[u8], kind| {
        core.keyring
            .close(plain, &place(kind, tx.tenant(), id.uuid()), &core.randomness)
            .map_err(|error| {
                tracing::error!(%error, "a secret could not be encrypted");
                CoreError::new(Problem::InternalError, "Something went wrong on our side.")
            })
    };
    let closed = close(secret.as_bytes(), SECRET_PLACE)?;
    let seed = asymmetric.then(|| signature::new_signing_key(&core.randomness));
    let signing_key = seed.map(|seed| close(&seed, KEY_PLACE)).transpose()?;
    let public_key = seed.map(|seed| signature::public_key(&seed));
    tx.insert_webhook_secret(&NewWebhookSecret {
        id,
        endpoint,
        secret: &closed,
        signing_key: signing_key.as_deref(),
        public_key: public_key.as_deref(),
    })
    .await?;
    Ok(secret.into())
}

async fn perform<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointLine,
    act: &Act,
) -> Result<Done, Failed> {
    let id = endpoint.id.0;
    let mut done = Done {
        endpoint: None,
        secret: None,
        event: None,
        recovery: None,
        deliveries: 0,
    };
    match act {
        Act::Update(patch) => update(tx, endpoint, patch).await?,
        Act::Delete => {
            tx.delete_endpoint(id).await?;
            tx.audit("webhook_endpoint.deleted", id, json!({}));
            return Ok(done);
        }
        Act::RotateSecret(grace) => {
            let ends = core.clock.now() + TimeDelta::from_std(*grace).unwrap_or(TimeDelta::MAX);
            tx.end_webhook_secrets(id, ends).await?;
            if tx.count_webhook_secrets(id).await? >= MOST_SECRETS {
                return Err(CoreError::new(
                    Problem::QuotaExceeded,
                    format!(
                        "At most {MOST_SECRETS} secrets sign at a time; end the earlier ones with gracePeriodSeconds 0."
                    ),
                )
                .into());
            }
            done.secret = Some(add_secret(core, tx, id, endpoint.public_key.is_some()).await?);
            tx.audit(
                "webhook_endpoint.secret_rotated",
                id,
                json!({ "gracePeriodSeconds": grace.as_secs() }),
            );
        }
        Act::Test => {
            refuse_disabled(endpoint.status)?;
            done.event = Some(tx.emit(about(endpoint, EventType::WebhookTest, endpoint.status, None)));
            tx.audit("webhook_endpoint.tested", id, json!({}));
        }
        Act::Enable => {
            if endpoint.is_client_revoked {
                return Err(CoreError::new(Problem::EndpointDisabled, "Its client was revoked.").into());
            }
            if endpoint.status == EndpointStatus::Disabled {
                set_status(tx, endpoint, EndpointStatus::Active, None).await?;
                tx.audit("webhook_endpoint.enabled", id, json!({}));
                tx.wake_workers().await?;
            }
        }
        Act::Disable => {
            if endpoint.status != EndpointStatus::Disabled {
                let reason = DisabledReason::Person;
                set_status(tx, endpoint, EndpointStatus::Disabled, Some(reason)).await?;
                tx.audit("webhook_endpoint.disabled", id, json!({ "reason": reason.name() }));
                tx.emit(about(
                    endpoint,
                    EventType::EndpointDisabled,
                    EndpointStatus::Disabled,
                    Some(reason),
                ));
            }
        }
        Act::Recover { since, until } => {
            refuse_disabled(endpoint.status)?;
            let range = range(core, *since, *until);
            let (recovery, count) = tx.recover_deliveries(id, range).await?;
            (done.recovery, done.deliveries) = (Some(recovery), count);
            tx.audit(
                "webhook_endpoint.recovered",
                id,
                json!({ "since": range.since, "until": range.until, "deliveries": count }),
            );
            tx.wake_workers().await?;
        }
        Act::ReplayRange { since, until } => {
            refuse_disabled(endpoint.status)?;
            let range = range(core, *since, *until);
            let count = tx.insert_replays(id, range, MOST_REPLAYS).await?;
            done.deliveries = i64::try_from(count).unwrap_or(i64::MAX);
            tx.audit(
                "webhook_endpoint.replayed",
                id,
                json!({ "since": range.since, "until": range.until, "deliveries": count }),
            );
            tx.wake_workers().await?;
        }
    }
    done.endpoint = tx.endpoint(Some(endpoint.client_id.0), id).await?;
    Ok(done)
}

fn range(core: &Core, since: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Range {
    // What was made in this very microsecond belongs to it.
    let until = until.unwrap_or_else(|| core.clock.now() + TimeDelta::microseconds(1));
    Range { since, until }
}

/// Deliveries of a disabled endpoint wait until somebody enables it.
pub(super) fn refuse_disabled(status: EndpointStatus) -> CoreResult<()> {
    if status == EndpointStatus::Disabled {
        return Err(CoreError::new(
            Problem::EndpointDisabled,
            "The endpoint is disabled; enable it first.",
        ));
    }
    Ok(())
}

async fn set_status<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointLine,
    to: EndpointStatus,
    reason: Option<DisabledReason>,
) -> Result<(), Failed> {
    endpoint.status.step(to).map_err(CoreError::from)?;
    if tx
        .set_endpoint_status(endpoint.id.0, endpoint.status, to, reason)
        .await?
    {
        Ok(())
    } else {
        Err(StoreError::Conflict("the endpoint changed at the same time".to_owned()).into())
    }
}

fn about(endpoint: &EndpointLine, kind: EventType, status: EndpointStatus, reason: Option<DisabledReason>) -> NewEvent {
    let mut member = json!({ "id": endpoint.id.0, "status": status.name() });
    if let Some(reason) = reason {
        member["reason"] = json!(reason.name());
    }
    NewEvent {
        kind,
        ordering_key: endpoint.id.to_string(),
        source: Some(endpoint.source_system_id.0),
        target: None,
        customer: None,
        location: None,
        contact: None,
        endpoint: Some(endpoint.id.0),
        details: json!({ "webhookEndpoint": member }),
    }
}

async fn update<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointLine,
    patch: &EndpointPatch,
) -> Result<(), CoreError> {
    let scopes = &endpoint.client_scopes.0;
    let switched_on = patch.data_options.iter().filter(|(_, on)| *on).map(|(name, _)| name);
    check_options(switched_on, |scope| scopes.iter().any(|name| name == scope.name()))?;
    let mut data_options = endpoint.data_options.0.clone();
    for (name, on) in &patch.data_options {
        data_options.retain(|chosen| chosen != name);
        if *on {
            data_options.push(name.clone());
        }
    }
    let event_types = unique(patch.event_types.as_ref().unwrap_or(&endpoint.event_types.0));
    let description = patch.description.clone().over(endpoint.description.clone());
    tx.update_endpoint(&NewEndpoint {
        id: endpoint.id.0,
        client: endpoint.client_id.0,
        source_system: endpoint.source_system_id.0,
        url: patch.url.as_deref().unwrap_or(&endpoint.url),
        description: description.as_deref(),
        event_types: &event_types,
        data_options: &data_options,
        ordering: patch.ordering.unwrap_or(endpoint.ordering),
    })
    .await?;
    tx.audit(
        "webhook_endpoint.updated",
        endpoint.id,
        json!({ "eventTypes": event_types, "dataOptions": data_options }),
    );
    Ok(())
}
