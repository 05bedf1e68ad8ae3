//! Integrations: clients, endpoints, deliveries, imports as the staff see them; endpoints as a client makes them.

use domain::events::EventType;
use domain::fields::FieldError;
use domain::ids::WebhookEndpointId;
use domain::locale::Locale;
use domain::permissions::ViewIntegrations;
use domain::problems::Problem;
use domain::scopes::Scope;
use domain::scopes::markers::{WebhooksReadScope, WebhooksWriteScope};
use secrecy::SecretString;
use serde_json::json;

use super::{PAGE, finish};
use crate::actors::{Actor as _, ClientPermit, Permit, Staff};
use crate::secrets::Place;
use crate::store::NewEndpoint;
use crate::views::{AttemptLine, DeliveryLine, EndpointLine};
use crate::webhooks::{guard, signature};
use crate::{Core, CoreError, CoreResult};

/// The data options of an endpoint with the scope that each needs.
pub const DATA_OPTIONS: [(&str, Scope); 3] = [
    ("contactDetails", Scope::CustomersRead),
    ("summaryPreviews", Scope::ReportsRead),
    ("billingDetails", Scope::BillingRead),
];

/// The most endpoints of a client: each event is written once for every one of them.
pub const MOST_ENDPOINTS: i64 = 200;

/// What the table and column of an endpoint's secret are called when it is encrypted.
pub(crate) const SECRET_PLACE: &str = "webhook_endpoint.secret";

/// Endpoints of the tenant.
///
/// # Errors
/// The database does not answer.
pub async fn endpoints(core: &Core, by: Permit<'_, ViewIntegrations>) -> CoreResult<Vec<EndpointLine>> {
    Ok(core.store.read(by.staff()).await?.endpoints(None, None).await?)
}

/// An endpoint with its latest deliveries and attempts.
///
/// # Errors
/// `not_found`.
pub async fn endpoint_page(
    core: &Core,
    by: Permit<'_, ViewIntegrations>,
    id: WebhookEndpointId,
) -> CoreResult<(EndpointLine, Vec<DeliveryLine>, Vec<AttemptLine>)> {
    let mut tx = core.store.read(by.staff()).await?;
    let endpoint = tx
        .endpoints(None, Some(id))
        .await?
        .pop()
        .ok_or_else(CoreError::not_found)?;
    Ok((
        endpoint,
        tx.deliveries_of(id, PAGE).await?,
        tx.attempts_of(id, 200).await?,
    ))
}

/// What a client sends to make an endpoint, read and checked for shape.
#[derive(Debug, Clone, Default)]
pub struct EndpointForm {
    /// Where events go.
    pub url: String,
    /// Which events.
    pub event_types: Vec<String>,
    /// Which data beyond ids.
    pub data_options: Vec<String>,
    /// What it is for.
    pub description: Option<String>,
}

/// Makes an endpoint. The secret in the answer is shown this once.
///
/// # Errors
/// `invalid_webhook_url`, `forbidden_webhook_target`, `unknown_event_type`, `data_option_not_permitted`, `quota_exceeded`.
pub async fn create_endpoint(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    input: &EndpointForm,
) -> CoreResult<(WebhookEndpointId, SecretString)> {
    let client = by.client();
    if input.event_types.is_empty() {
        return Err(CoreError::field(
            "/eventTypes",
            "validation_failed",
            "At least one event type is required.",
        ));
    }
    if let Some(index) = input
        .event_types
        .iter()
        .position(|name| EventType::from_name(name).is_none())
    {
        return Err(CoreError {
            problem: Problem::UnknownEventType,
            fields: vec![FieldError::new(
                format!("/eventTypes/{index}"),
                "unknown_event_type",
                "This event type is not known.",
            )],
            detail: "An event type is not known.".to_owned(),
        });
    }
    for option in &input.data_options {
        match DATA_OPTIONS.iter().find(|(name, _)| name == option) {
            None => {
                return Err(CoreError::field(
                    &format!("/dataOptions/{option}"),
                    "unknown_field",
                    "This data option is not known.",
                ));
            }
            Some((_, scope)) if !client.has(*scope) => {
                return Err(CoreError::new(
                    Problem::DataOptionNotPermitted,
                    format!("The data option {option} needs the scope {}.", scope.name()),
                ));
            }
            Some(_) => {}
        }
    }
    guard::check_url(&input.url, &core.settings).await?;
    let secret = signature::new_secret(&core.randomness);
    let mut tx = core.store.begin(client).await?;
    if tx.count_endpoints(client.id()).await? >= MOST_ENDPOINTS {
        return Err(CoreError::new(
            Problem::QuotaExceeded,
            format!("A client has at most {MOST_ENDPOINTS} endpoints."),
        ));
    }
    let id: WebhookEndpointId = tx.new_id();
    let place = Place {
        tenant: tx.tenant(),
        kind: SECRET_PLACE,
        row: id.uuid(),
    };
    let closed = core
        .keyring
        .close(secret.as_bytes(), &place, &core.randomness)
        .map_err(|error| {
            tracing::error!(%error, "a secret could not be encrypted");
            CoreError::new(Problem::InternalError, "Something went wrong on our side.")
        })?;
    tx.insert_endpoint(&NewEndpoint {
        id,
        client: client.id(),
        source_system: client.source_system,
        url: &input.url,
        description: input.description.as_deref(),
        event_types: &input.event_types,
        data_options: &input.data_options,
        secret: &closed,
    })
    .await?;
    tx.audit(
        "webhook_endpoint.created",
        id,
        json!({ "eventTypes": input.event_types, "dataOptions": input.data_options }),
    );
    finish(core, tx).await?;
    Ok((id, secret.into()))
}

/// The client's own endpoints.
///
/// # Errors
/// The database does not answer.
pub async fn own_endpoints(core: &Core, by: ClientPermit<'_, WebhooksReadScope>) -> CoreResult<Vec<EndpointLine>> {
    Ok(core
        .store
        .read(by.client())
        .await?
        .endpoints(Some(by.client().id()), None)
        .await?)
}

/// One of the client's own endpoints.
///
/// # Errors
/// `not_found`.
pub async fn own_endpoint(
    core: &Core,
    by: ClientPermit<'_, WebhooksReadScope>,
    id: WebhookEndpointId,
) -> CoreResult<EndpointLine> {
    core.store
        .read(by.client())
        .await?
        .endpoints(Some(by.client().id()), Some(id))
        .await?
        .pop()
        .ok_or_else(CoreError::not_found)
}

/// Chooses the own language.
///
/// # Errors
/// The database does not answer.
pub async fn set_staff_locale(core: &Core, staff: &Staff, locale: Locale) -> CoreResult<()> {
    let mut tx = core.store.begin(staff).await?;
    tx.set_own_locale(locale).await?;
    tracing::debug!(actor = %staff.label(), "language chosen");
    finish(core, tx).await
}
