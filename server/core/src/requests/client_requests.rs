//! Requests that a client submits for one of its customers, follows and withdraws.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::fields::FieldError;
use domain::ids::RequestId;
use domain::intake::PreferredWindow;
use domain::lifecycle::Lifecycle as _;
use domain::mapping::MappingSettings;
use domain::problems::Problem;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::scopes::Scope;
use domain::scopes::markers::{RequestsReadScope, RequestsWriteScope};
use domain::text::ExternalId;
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::{StoreError, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::resolve::{ContextParts, decide_context};
use crate::imports::source_settings;
use crate::intake;
use crate::integrations::idempotency::{Answer, IdempotencyKey, keep, replay, with_tries};
use crate::integrations::{NewClientRequest, Which};
use crate::page::Page;
use crate::requests::model::ClientRequest;
use crate::{Core, CoreError, CoreResult};

/// The longest description, in characters.
pub const MOST_DESCRIPTION: usize = 4_000;
/// The longest preferred time in words, in characters.
pub const MOST_PREFERRED: usize = 200;

/// What a client sends.
#[derive(Debug, Clone)]
pub struct RequestForm {
    /// Id in the source system; sent again, it is the same request.
    pub external_id: Option<ExternalId>,
    /// Kind of service.
    pub service_type: ServiceType,
    /// Urgency.
    pub priority: Priority,
    /// What is needed.
    pub description: String,
    /// When it would suit, in words.
    pub preferred: Option<String>,
    /// Days that would suit.
    pub windows: Vec<PreferredWindow>,
    /// For whom and where.
    pub context: ContextParts,
}

/// A page of the own source's requests, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, RequestsReadScope>,
    after: Option<(DateTime<Utc>, RequestId)>,
    limit: i64,
) -> CoreResult<Page<ClientRequest>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::cut(tx.own_requests(after, limit + 1).await?, limit))
}

/// One of the own source's requests.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: ClientPermit<'_, RequestsReadScope>, id: RequestId) -> CoreResult<ClientRequest> {
    let mut tx = core.store.read(by.client()).await?;
    tx.own_request(Which::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Submits a request for a customer that is known: nothing is created or linked on the way.
///
/// # Errors
/// Field `/customer`, `/location` or `/contact` with the code of the mapping rule that refused.
pub async fn submit(
    core: &Core,
    by: ClientPermit<'_, RequestsWriteScope>,
    form: &RequestForm,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientRequest, bool) -> Answer,
) -> CoreResult<Answer> {
    let client = by.client();
    with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        if let Some(external_id) = &form.external_id
            && let Some(known) = tx.own_request(Which::ExternalId(external_id.as_str())).await?
        {
            let answer = render(known, false);
            keep(&mut tx, idempotency, &answer).await?;
            finish(core, tx).await?;
            return Ok(answer);
        }
        let (settings, zone) = source_settings(&mut tx, client.has(Scope::CustomersMap), false).await?;
        let settings = MappingSettings {
            create_gate: false,
            update_gate: false,
            ..settings
        };
        let decided = decide_context(core, &mut tx, form.context.clone(), &settings, &zone).await?;
        // The last of what the rules of the part that failed have said is what decided.
        let part = if decided.customer.is_none() {
            "/customer"
        } else {
            "/location"
        };
        let refused = decided
            .warnings
            .iter()
            .rev()
            .find(|warning| warning.pointer.starts_with(part))
            .filter(|_| !decided.resolved);
        let Some(customer) = decided.customer.filter(|_| refused.is_none()) else {
            let code = refused.map_or("customer_required", |warning| warning.code.as_str());
            let pointer = refused.map_or("/customer", |warning| warning.pointer.as_str());
            let meaning = domain::mapping::table::meaning(code).unwrap_or("The customer is not known.");
            return Err(CoreError::invalid(vec![FieldError::new(pointer, code, meaning)]).into());
        };
        // What was sent and led to nothing would be lost without a word; its sender is told instead.
        let lost = [
            (
                "/location",
                form.context.location.is_some() && decided.location.is_none(),
            ),
            ("/contact", form.context.contact.is_some() && decided.contact.is_none()),
        ];
        if let Some((part, _)) = lost.iter().find(|(_, lost)| *lost) {
            let said = decided
                .warnings
                .iter()
                .rev()
                .find(|warning| warning.pointer.starts_with(part));
            let code = said.map_or("validation_failed", |warning| warning.code.as_str());
            let pointer = said.map_or(*part, |warning| warning.pointer.as_str());
            let meaning =
                domain::mapping::table::meaning(code).unwrap_or("It is not known; leave it out or name it by its id.");
            return Err(CoreError::invalid(vec![FieldError::new(pointer, code, meaning)]).into());
        }
        let id: RequestId = tx.new_id();
        let is_new = tx
            .insert_client_request(&NewClientRequest {
                id,
                external_id: form.external_id.as_ref().map(ExternalId::as_str),
                service_type: form.service_type,
                priority: form.priority,
                description: &form.description,
                preferred: form.preferred.as_deref(),
                windows: &form.windows,
                customer,
                location: decided.location,
                contact: decided.contact,
            })
            .await?;
        if !is_new {
            return Err(StoreError::Conflict("the external id was taken at the same time".to_owned()).into());
        }
        intake::arrived(core, &mut tx, id, Channel::Api, Some(customer), decided.location).await?;
        let written = tx
            .own_request(Which::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        emit(&mut tx, client, &written);
        let answer = render(written, true);
        keep(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// Withdraws a request that is not planned yet.
///
/// # Errors
/// `not_found`, `illegal_transition`.
pub async fn cancel(
    core: &Core,
    by: ClientPermit<'_, RequestsWriteScope>,
    id: RequestId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientRequest) -> Answer,
) -> CoreResult<Answer> {
    let client = by.client();
    with_tries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let known = tx
            .own_request(Which::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        let to = known.status.step(RequestStatus::Cancelled).map_err(CoreError::from)?;
        if known.target_id.is_some() {
            return Err(CoreError::new(
                Problem::IllegalTransition,
                "It was already turned into a job; cancel the job or ask dispatch.",
            )
            .into());
        }
        if !tx.set_request_status(id, known.status, to, None).await? {
            return Err(StoreError::Conflict("the request moved on".to_owned()).into());
        }
        tx.note(NewEntry {
            kind: "request_cancelled",
            customer: Some(known.customer_id.0),
            location: known.location_id.map(|key| key.0),
            target: None,
            request: Some(id),
        })
        .await?;
        tx.audit("request.withdrawn", id, json!({ "by": "client" }));
        let written = tx
            .own_request(Which::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        emit(&mut tx, client, &written);
        let answer = render(written);
        keep(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

fn emit(tx: &mut TenantTx<'_, ApiClient>, client: &ApiClient, request: &ClientRequest) {
    tx.emit(NewEvent {
        endpoint: None,
        source: Some(client.source_system),
        kind: EventType::RequestStatusChanged,
        ordering_key: request.id.to_string(),
        target: None,
        customer: Some(request.customer_id.0),
        location: request.location_id.map(|key| key.0),
        contact: request.contact_id.map(|key| key.0),
        details: json!({ "request": { "id": request.id.0, "externalId": request.external_id, "status": request.status.name() } }),
    });
}
