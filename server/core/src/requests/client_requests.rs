//! Requests that API clients submit, read and withdraw.

use chrono::{DateTime, Utc};
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::ids::{CustomerId, RequestId};
use domain::intake::PreferredWindow;
use domain::lifecycle::Lifecycle as _;
use domain::mapping::MappingSettings;
use domain::problems::Cause;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::scopes::Scope;
use domain::scopes::markers::{RequestsReadScope, RequestsWriteScope};
use domain::text::ExternalId;
use serde_json::json;

use crate::audit::{NewTimelineEntry, TimelineKind};
use crate::commit::finish;
use crate::db::{StoreError, TenantTx};
use crate::events::NewEvent;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::imports::resolve::{ContextParts, Decided, decide_context};
use crate::imports::source_settings;
use crate::intake;
use crate::integrations::RecordKey;
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::page::Page;
use crate::requests::model::ClientRequest;
use crate::requests::store::client_requests::NewClientRequest;
use crate::{Core, CoreError, CoreResult};

/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;
/// The longest preferred time in words, in characters.
pub const MAX_PREFERRED_CHARS: usize = 200;

/// The fields of a new request.
#[derive(Debug, Clone)]
pub struct RequestForm {
    /// ID in the source system; submitting it again returns the existing request.
    pub external_id: Option<ExternalId>,
    pub service_type: ServiceType,
    pub priority: Priority,
    /// The customer's words; the customer reads them in the portal.
    pub description: String,
    /// Notes for dispatch that no customer reads.
    pub internal_notes: Option<String>,
    /// Preferred time as free text.
    pub preferred: Option<String>,
    /// Preferred days.
    pub windows: Vec<PreferredWindow>,
    /// Customer, location and contact.
    pub context: ContextParts,
}

/// Lists a page of the source system's requests, oldest first.
pub async fn list(
    core: &Core,
    by: ClientPermit<'_, RequestsReadScope>,
    after: Option<(DateTime<Utc>, RequestId)>,
    limit: i64,
) -> CoreResult<Page<ClientRequest>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(tx.list_client_requests(after, limit + 1).await?, limit))
}

/// Returns a request of the source system.
pub async fn get(core: &Core, by: ClientPermit<'_, RequestsReadScope>, id: RequestId) -> CoreResult<ClientRequest> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_request(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Submits a request for an existing customer; no customer, location or contact is created or linked.
///
/// # Errors
/// Field `/customer`, `/location` or `/contact` with the code of the mapping rule that refused.
pub async fn submit(
    core: &Core,
    by: ClientPermit<'_, RequestsWriteScope>,
    form: &RequestForm,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientRequest, bool) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        if let Some(external_id) = &form.external_id
            && let Some(known) = tx
                .find_client_request(RecordKey::ExternalId(external_id.as_str()))
                .await?
        {
            let answer = render(known, false);
            store_response(&mut tx, idempotency, &answer).await?;
            finish(core, tx).await?;
            return Ok(answer);
        }
        let (settings, zone) = source_settings(&mut tx, client.has(Scope::CustomersMap), false).await?;
        let settings = MappingSettings {
            create_gate: false,
            update_gate: false,
            ..settings
        };
        let resolved = decide_context(core, &mut tx, form.context.clone(), &settings, &zone).await?;
        let customer = resolved_customer(form, &resolved)?;
        let id: RequestId = tx.new_id();
        let is_new = tx
            .insert_client_request(&NewClientRequest {
                id,
                external_id: form.external_id.as_ref().map(ExternalId::as_str),
                service_type: form.service_type,
                priority: form.priority,
                description: &form.description,
                internal_notes: form.internal_notes.as_deref(),
                preferred: form.preferred.as_deref(),
                windows: &form.windows,
                customer,
                location: resolved.location,
                contact: resolved.contact,
            })
            .await?;
        if !is_new {
            return Err(StoreError::Conflict("the external ID was used concurrently".to_owned()).into());
        }
        intake::complete_submission(core, &mut tx, id, Channel::Api, Some(customer), resolved.location).await?;
        let written = tx
            .find_client_request(RecordKey::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        emit(&mut tx, client, &written);
        let answer = render(written, true);
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// Returns the customer of the request.
///
/// # Errors
/// The customer is not known, or a location or contact that was sent was not found; it would be dropped silently.
fn resolved_customer(form: &RequestForm, resolved: &Decided) -> CoreResult<CustomerId> {
    // The last warning of the part that failed names the deciding mapping rule.
    let last_warning = |part: &str| {
        resolved
            .warnings
            .iter()
            .rev()
            .find(|warning| warning.pointer.starts_with(part))
    };
    let part = if resolved.customer.is_none() {
        "/customer"
    } else {
        "/location"
    };
    let refused = last_warning(part).filter(|_| !resolved.resolved);
    let Some(customer) = resolved.customer.filter(|_| refused.is_none()) else {
        let rule = refused.map_or("customer_required", |warning| warning.code.as_str());
        let pointer = refused.map_or("/customer", |warning| warning.pointer.as_str());
        return Err(CoreError::field(pointer, FieldCode::Mapping(rule.to_owned())));
    };
    let unresolved = [
        (
            "/location",
            form.context.location.is_some() && resolved.location.is_none(),
        ),
        ("/contact", form.context.contact.is_some() && resolved.contact.is_none()),
    ];
    if let Some((part, _)) = unresolved.iter().find(|(_, is_unresolved)| *is_unresolved) {
        let warning = last_warning(part);
        let code = warning.map_or(FieldCode::NotResolved, |warning| {
            FieldCode::Mapping(warning.code.to_string())
        });
        let pointer = warning.map_or(*part, |warning| warning.pointer.as_str());
        return Err(CoreError::field(pointer, code));
    }
    Ok(customer)
}

/// Withdraws a request.
///
/// # Errors
/// `illegal_transition` if the request has ended or was converted to a job.
pub async fn cancel(
    core: &Core,
    by: ClientPermit<'_, RequestsWriteScope>,
    id: RequestId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientRequest) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = by.client();
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let known = tx
            .find_client_request(RecordKey::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        let to = known.status.step(RequestStatus::Cancelled).map_err(CoreError::from)?;
        if known.target_id.is_some() {
            return Err(CoreError::new(Cause::RequestConverted).into());
        }
        if !tx.set_request_status(id, known.status, to, None).await? {
            return Err(StoreError::Conflict("the request was changed concurrently".to_owned()).into());
        }
        tx.add_timeline_entry(
            NewTimelineEntry::for_request(TimelineKind::RequestCancelled, id)
                .with_customer(Some(known.customer_id))
                .with_location(known.location_id),
        )
        .await?;
        tx.audit("request.withdrawn", id, json!({ "by": "client" }));
        let written = tx
            .find_client_request(RecordKey::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        emit(&mut tx, client, &written);
        let answer = render(written);
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

fn emit(tx: &mut TenantTx<'_, ApiClient>, client: &ApiClient, request: &ClientRequest) {
    let details = json!({
        "request": { "id": request.id, "externalId": request.external_id, "status": request.status.name() },
    });
    tx.emit(
        NewEvent::for_request(EventType::RequestStatusChanged, request.id)
            .with_source(Some(client.source_system()))
            .with_customer(Some(request.customer_id))
            .with_location(request.location_id)
            .with_contact(request.contact_id)
            .with_details(details),
    );
}
