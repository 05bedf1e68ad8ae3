//! Actions on an endpoint, executed in the caller's transaction.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::events::EventType;
use domain::ids::{ClientId, RecoveryId, SourceSystemId, WebhookEndpointId, WebhookSecretId};
use domain::lifecycle::Lifecycle as _;
use domain::problems::{Cause, Record};
use domain::webhooks::{DisabledReason, EndpointStatus};
use secrecy::SecretString;
use serde_json::json;

use crate::db::{StoreError, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::Operator;
use crate::integrations::idempotency::AttemptError;
use crate::webhooks::endpoints::checks::{check_options, ensure_enabled, unique};
use crate::webhooks::endpoints::{
    Act, Done, EndpointForm, EndpointPatch, MAX_ENDPOINTS_PER_CLIENT, MAX_REPLAYS_PER_RANGE, MAX_SECRETS_PER_ENDPOINT,
};
use crate::webhooks::health_mails;
use crate::webhooks::model::EndpointSummary;
use crate::webhooks::signature;
use crate::webhooks::store::deliveries::EndpointKey;
use crate::webhooks::store::endpoints::NewEndpoint;
use crate::webhooks::store::recoveries::Range;
use crate::webhooks::store::secrets::NewWebhookSecret;
use crate::webhooks::{SECRET_FIELD, SIGNING_KEY_FIELD, place};
use crate::{Core, CoreError};

pub(crate) async fn create_endpoint<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    client: ClientId,
    source_system: SourceSystemId,
    form: &EndpointForm,
) -> Result<(EndpointSummary, SecretString), CoreError> {
    tx.lock_client(client).await?;
    if tx.count_endpoints(client).await? >= MAX_ENDPOINTS_PER_CLIENT {
        return Err(CoreError::new(Cause::TooManyEndpoints {
            max: MAX_ENDPOINTS_PER_CLIENT,
        }));
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

pub(crate) async fn add_secret<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: WebhookEndpointId,
    asymmetric: bool,
) -> Result<SecretString, CoreError> {
    let id: WebhookSecretId = tx.new_id();
    let secret = signature::new_secret(&core.randomness);
    let seal = |plain: &[u8], kind| {
        core.keyring
            .seal(plain, &place(kind, tx.tenant(), id.uuid()), &core.randomness)
            .map_err(CoreError::internal)
    };
    let sealed_secret = seal(secret.as_bytes(), SECRET_FIELD)?;
    let seed = asymmetric.then(|| signature::new_signing_key(&core.randomness));
    let signing_key = seed.map(|seed| seal(&seed, SIGNING_KEY_FIELD)).transpose()?;
    let public_key = seed.map(|seed| signature::public_key(&seed));
    tx.insert_webhook_secret(&NewWebhookSecret {
        id,
        endpoint,
        secret: &sealed_secret,
        signing_key: signing_key.as_deref(),
        public_key: public_key.as_deref(),
    })
    .await?;
    Ok(secret.into())
}

pub(crate) async fn perform<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    action: &Act,
) -> Result<Done, AttemptError> {
    let id = endpoint.id;
    let mut outcome = Done {
        endpoint: None,
        secret: None,
        event: None,
        recovery: None,
        deliveries: 0,
    };
    match action {
        Act::Update(patch) => {
            endpoint.version().ensure_shown(patch.shown.as_deref(), Record::Other)?;
            update(tx, endpoint, patch).await?;
        }
        Act::Delete => {
            tx.delete_endpoint(id).await?;
            tx.audit("webhook_endpoint.deleted", id, json!({}));
            return Ok(outcome);
        }
        Act::RotateSecret(grace) => outcome.secret = Some(rotate_secret(core, tx, endpoint, *grace).await?),
        Act::Test => {
            ensure_enabled(endpoint.status)?;
            outcome.event = Some(tx.emit(status_event(endpoint, EventType::WebhookTest, endpoint.status, None)));
            tx.audit("webhook_endpoint.tested", id, json!({}));
        }
        Act::Enable => enable(tx, endpoint).await?,
        Act::Disable => disable(tx, endpoint).await?,
        Act::Recover { since, until } => {
            let (recovery, count) = recover(tx, endpoint, range(core, *since, *until)).await?;
            (outcome.recovery, outcome.deliveries) = (Some(recovery), count);
        }
        Act::ReplayRange { since, until } => {
            outcome.deliveries = replay(tx, endpoint, range(core, *since, *until)).await?;
        }
    }
    outcome.endpoint = tx.endpoint(Some(endpoint.client_id), id).await?;
    Ok(outcome)
}

/// Adds a secret. The previous ones stay valid for the grace period.
async fn rotate_secret<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    grace: Duration,
) -> Result<SecretString, CoreError> {
    let id = endpoint.id;
    let expires_at = core.clock.now() + TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
    tx.expire_webhook_secrets(id, expires_at).await?;
    if tx.count_webhook_secrets(id).await? >= MAX_SECRETS_PER_ENDPOINT {
        return Err(CoreError::new(Cause::TooManySecrets {
            max: MAX_SECRETS_PER_ENDPOINT,
        }));
    }
    let secret = add_secret(core, tx, id, endpoint.public_key.is_some()).await?;
    tx.audit(
        "webhook_endpoint.secret_rotated",
        id,
        json!({ "gracePeriodSeconds": grace.as_secs() }),
    );
    Ok(secret)
}

async fn enable<A: Operator>(tx: &mut TenantTx<'_, A>, endpoint: &EndpointSummary) -> Result<(), AttemptError> {
    if endpoint.is_client_revoked {
        return Err(CoreError::new(Cause::EndpointClientRevoked).into());
    }
    if endpoint.status == EndpointStatus::Disabled {
        set_status(tx, endpoint, EndpointStatus::Active, None).await?;
        tx.audit("webhook_endpoint.enabled", endpoint.id, json!({}));
        tx.wake_workers().await?;
    }
    Ok(())
}

async fn disable<A: Operator>(tx: &mut TenantTx<'_, A>, endpoint: &EndpointSummary) -> Result<(), AttemptError> {
    if endpoint.status == EndpointStatus::Disabled {
        return Ok(());
    }
    let reason = DisabledReason::Person;
    set_status(tx, endpoint, EndpointStatus::Disabled, Some(reason)).await?;
    tx.audit(
        "webhook_endpoint.disabled",
        endpoint.id,
        json!({ "reason": reason.name() }),
    );
    tx.emit(status_event(
        endpoint,
        EventType::EndpointDisabled,
        EndpointStatus::Disabled,
        Some(reason),
    ));
    let key = EndpointKey {
        tenant_id: tx.tenant(),
        endpoint_id: endpoint.id.uuid(),
    };
    let now = tx.now;
    health_mails::tell_disabled(tx, key, reason, now).await?;
    Ok(())
}

async fn recover<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    range: Range,
) -> Result<(RecoveryId, i64), CoreError> {
    ensure_enabled(endpoint.status)?;
    let (recovery, count) = tx.recover_deliveries(endpoint.id, range).await?;
    tx.audit(
        "webhook_endpoint.recovered",
        endpoint.id,
        json!({ "since": range.since, "until": range.until, "deliveries": count }),
    );
    tx.wake_workers().await?;
    Ok((recovery, count))
}

async fn replay<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    range: Range,
) -> Result<i64, CoreError> {
    ensure_enabled(endpoint.status)?;
    let count = tx.insert_replays(endpoint.id, range, MAX_REPLAYS_PER_RANGE).await?;
    tx.audit(
        "webhook_endpoint.replayed",
        endpoint.id,
        json!({ "since": range.since, "until": range.until, "deliveries": count }),
    );
    tx.wake_workers().await?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

pub(crate) fn range(core: &Core, since: DateTime<Utc>, until: Option<DateTime<Utc>>) -> Range {
    // The end is exclusive; the extra microsecond includes deliveries created at this instant.
    let until = until.unwrap_or_else(|| core.clock.now() + TimeDelta::microseconds(1));
    Range { since, until }
}

pub(crate) async fn set_status<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    to: EndpointStatus,
    reason: Option<DisabledReason>,
) -> Result<(), AttemptError> {
    endpoint.status.step(to).map_err(CoreError::from)?;
    if tx.set_endpoint_status(endpoint.id, endpoint.status, to, reason).await? {
        Ok(())
    } else {
        Err(StoreError::Conflict("the endpoint was changed concurrently".to_owned()).into())
    }
}

pub(crate) fn status_event(
    endpoint: &EndpointSummary,
    kind: EventType,
    status: EndpointStatus,
    reason: Option<DisabledReason>,
) -> NewEvent {
    let mut member = json!({ "id": endpoint.id, "status": status.name() });
    if let Some(reason) = reason {
        member["reason"] = json!(reason.name());
    }
    NewEvent::for_endpoint(kind, endpoint.source_system_id, endpoint.id)
        .with_details(json!({ "webhookEndpoint": member }))
}

pub(crate) async fn update<A: Operator>(
    tx: &mut TenantTx<'_, A>,
    endpoint: &EndpointSummary,
    patch: &EndpointPatch,
) -> Result<(), CoreError> {
    let scopes = &endpoint.client_scopes;
    let turned_on = patch.data_options.iter().filter(|(_, on)| *on).map(|(name, _)| name);
    check_options(turned_on, |scope| scopes.iter().any(|name| name == scope.name()))?;
    let mut data_options = endpoint.data_options.clone();
    for (name, on) in &patch.data_options {
        data_options.retain(|selected| selected != name);
        if *on {
            data_options.push(name.clone());
        }
    }
    let event_types = unique(patch.event_types.as_ref().unwrap_or(&endpoint.event_types));
    let description = patch.description.clone().over(endpoint.description.clone());
    tx.update_endpoint(&NewEndpoint {
        id: endpoint.id,
        client: endpoint.client_id,
        source_system: endpoint.source_system_id,
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
