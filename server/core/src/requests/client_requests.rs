//! Requests that API clients submit, read and withdraw.

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::customers::Address;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::ids::{ContactId, CustomerId, LocationId, RequestId};
use domain::imports::ItemOutcome;
use domain::imports::results::ItemNote;
use domain::intake::PreferredWindow;
use domain::lifecycle::Lifecycle as _;
use domain::mapping::{MappingSettings, MappingStatus, ProblemPolicy};
use domain::problems::Cause;
use domain::requests::{Channel, Priority, RequestStatus, ServiceType};
use domain::scopes::Scope;
use domain::scopes::markers::{RequestsReadScope, RequestsWriteScope};
use domain::text::ExternalId;
use serde_json::json;

use crate::audit::NewTimelineEntry;
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
use crate::requests::source_changes;
use crate::requests::store::client_requests::NewClientRequest;
use crate::{Core, CoreError, CoreResult};

/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 4_000;
/// The longest preferred time in words, in characters.
pub const MAX_PREFERRED_CHARS: usize = 200;

/// The fields of a new request.
#[derive(Debug, Clone)]
pub struct RequestForm {
    /// ID in the source system; submitting it again updates the request while it is in review.
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
    /// Hash of the content, by which a repeated request is recognized.
    pub payload_hash: Vec<u8>,
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

/// Submits a request; no customer, location or contact is created or linked. If the customer is not clear, dispatch
/// assigns it, unless the source rejects such imports.
///
/// # Errors
/// Field `/customer`, `/location` or `/contact` with the code of the mapping rule that refused.
pub async fn submit(
    core: &Core,
    by: ClientPermit<'_, RequestsWriteScope>,
    form: &RequestForm,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientRequest, ItemOutcome, &[ItemNote]) -> ApiResponse,
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
            let (outcome, warnings) = if source_changes::is_repeat(&known, form) {
                source_changes::repeat(&known)
            } else {
                let may_write = client.has(Scope::CustomersWrite);
                let (settings, zone) = source_settings(&mut tx, client.has(Scope::CustomersMap), may_write).await?;
                let decided = decide_context(core, &mut tx, form.context.clone(), &settings, &zone).await?;
                let context = RequestContext::of(form, decided, &settings)?;
                source_changes::resubmit(&mut tx, &known, form, &context).await?
            };
            let known = tx
                .find_client_request(RecordKey::Id(known.id.uuid()))
                .await?
                .ok_or_else(CoreError::not_found)?;
            let answer = render(known, outcome, &warnings);
            store_response(&mut tx, idempotency, &answer).await?;
            finish(core, tx).await?;
            return Ok(answer);
        }
        let may_write = client.has(Scope::CustomersWrite);
        let (settings, zone) = source_settings(&mut tx, client.has(Scope::CustomersMap), may_write).await?;
        let decided = decide_context(core, &mut tx, form.context.clone(), &settings, &zone).await?;
        let context = RequestContext::of(form, decided, &settings)?;
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
                customer: context.customer,
                location: context.location,
                contact: context.contact,
                place: context.place.as_ref(),
                payload_hash: &form.payload_hash,
            })
            .await?;
        if !is_new {
            return Err(StoreError::Conflict("the external ID was used concurrently".to_owned()).into());
        }
        intake::complete_submission(core, &mut tx, id, Channel::Api, context.customer, context.location).await?;
        let written = tx
            .find_client_request(RecordKey::Id(id.uuid()))
            .await?
            .ok_or_else(CoreError::not_found)?;
        emit(&mut tx, client, &written);
        let answer = render(written, ItemOutcome::Created, &context.warnings);
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// The records of a new request. A request creates and links nothing; a customer that is not clear is left to dispatch, as
/// it is with targets.
pub(crate) struct RequestContext {
    pub(crate) customer: Option<CustomerId>,
    pub(crate) location: Option<LocationId>,
    pub(crate) contact: Option<ContactId>,
    /// The address that was sent, if the location is left to dispatch with the customer.
    place: Option<Address>,
    warnings: Vec<ItemNote>,
}

impl RequestContext {
    /// Returns whether the sent customer or location is not the stored one, or cannot be found.
    pub(super) fn names_other(&self, known: &ClientRequest, form: &RequestForm) -> bool {
        let sent = &form.context;
        let Some(customer) = known.customer_id else {
            return false;
        };
        let other_customer = (sent.customer.is_some() || self.customer.is_some()) && self.customer != Some(customer);
        let other_location = self.location.is_some() && self.location != known.location_id;
        other_customer || other_location
    }

    /// Applies the policy of the source to a mapping decision.
    ///
    /// # Errors
    /// The source demands a customer or rejects unclear ones, or the location or contact of a known customer was not
    /// found; it would be dropped silently.
    fn of(form: &RequestForm, decided: Decided, settings: &MappingSettings) -> CoreResult<Self> {
        let sent = &form.context;
        let is_known = |status: MappingStatus| status.is_resolved() && status != MappingStatus::Created;
        let mapping = &decided.mapping;
        let customer = decided.customer.filter(|_| is_known(mapping.customer.status));
        if customer.is_none() && sent.customer.is_none() && settings.customer_required {
            return Err(CoreError::field(
                "/customer",
                FieldCode::Mapping("customer_required".to_owned()),
            ));
        }
        let Some(customer) = customer else {
            return Self::unclear(form, decided, settings);
        };
        let location = decided.location.filter(|_| is_known(mapping.location.status));
        let contact = decided.contact.filter(|_| is_known(mapping.contact.status));
        for (part, is_missing) in [
            ("/location", sent.location.is_some() && location.is_none()),
            ("/contact", sent.contact.is_some() && contact.is_none()),
        ] {
            if is_missing {
                let of_part = |warning: &&ItemNote| warning.pointer.starts_with(part);
                let warning = decided.warnings.iter().rev().find(of_part);
                let code = warning.map_or(FieldCode::NotResolved, |warning| {
                    FieldCode::Mapping(warning.code.clone())
                });
                let pointer = warning.map_or(part, |warning| warning.pointer.as_str());
                return Err(CoreError::field(pointer, code));
            }
        }
        // Nothing is linked or updated, whatever an import would do.
        let applies = |warning: &ItemNote| {
            !matches!(
                warning.code.as_str(),
                "link_created" | "auto_update_disabled" | "scope_missing_customers_write"
            )
        };
        Ok(Self {
            customer: Some(customer),
            location,
            contact,
            place: None,
            warnings: decided.warnings.into_iter().filter(applies).collect(),
        })
    }

    /// A request whose customer dispatch has to assign.
    fn unclear(form: &RequestForm, decided: Decided, settings: &MappingSettings) -> CoreResult<Self> {
        let sent = &form.context;
        let is_created = decided.mapping.customer.status == MappingStatus::Created;
        // An import would create the customer; for a request it is unknown, and so is what belongs to it.
        let mut warnings: Vec<ItemNote> = if is_created { Vec::new() } else { decided.warnings };
        if is_created {
            for (part, is_sent) in [
                ("/customer", true),
                ("/location", sent.location.is_some()),
                ("/contact", sent.contact.is_some()),
            ] {
                if is_sent {
                    warnings.push(ItemNote::new("customer_unresolved", part).explained());
                }
            }
        }
        if sent.customer.is_some() && settings.problem_policy == ProblemPolicy::Reject {
            let of_customer = |warning: &&ItemNote| warning.pointer.starts_with("/customer");
            let refused = warnings.iter().rev().find(of_customer);
            let code = refused.map_or("customer_unresolved", |warning| warning.code.as_str());
            let pointer = refused.map_or("/customer", |warning| warning.pointer.as_str());
            return Err(CoreError::field(pointer, FieldCode::Mapping(code.to_owned())));
        }
        let address = sent.location.as_ref().map(|location| location.address.clone());
        Ok(Self {
            customer: None,
            location: None,
            contact: None,
            place: address.filter(|address| *address != Address::default()),
            warnings,
        })
    }
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
                .with_customer(known.customer_id)
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
            .with_customer(request.customer_id)
            .with_location(request.location_id)
            .with_contact(request.contact_id)
            .with_details(details),
    );
}
