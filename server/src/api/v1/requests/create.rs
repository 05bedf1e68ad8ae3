//! `POST /requests`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldCode, FieldError, ObjectReader, Patch};
use domain::imports::{ContactBody, CustomerBody, ItemOutcome, LocationBody, read_context};
use domain::intake::PreferredWindow;
use domain::requests::{Priority, ServiceType};
use domain::scopes::Scope;
use domain::text::{self, ExternalId};
use ordinavo_core::CoreError;
use ordinavo_core::imports::payload_hash;
use ordinavo_core::imports::resolve::ContextParts;
use ordinavo_core::requests::client_requests;
use ordinavo_core::requests::client_requests::{MAX_DESCRIPTION_CHARS, MAX_PREFERRED_CHARS, RequestForm};
use serde::Serialize;
use serde_json::Value;

use super::Request;
use crate::api::body::JsonBody;
use crate::api::idempotency::{KeyRequirement, answer, respond};
use crate::api::problem::{ApiError, ErrorResponses};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// The request to submit.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "externalId": "CASE-2026-7", "customer": {"externalId": "CUST-10042"}, "location": {"externalId": "LOC-ESSEN-01"},
    "serviceType": "repair", "priority": "high", "description": "The cold store beeps and shows E4."
}))]
pub struct RequestBody {
    /// ID in the source system. Submitting the same ID again updates the request while it is in review; later, other content
    /// is proposed to dispatch.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// The customer. Dispatch assigns one that is not known.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// The location of the work.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// The contact person.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
    /// Type of service.
    pub service_type: ServiceType,
    /// Priority. Defaults to `normal`.
    #[schema(required = false)]
    pub priority: Option<Priority>,
    /// The customer's description of the required work. The customer reads it in the portal.
    #[schema(min_length = 1, max_length = 4000)]
    pub description: String,
    /// Notes for dispatch. No customer reads them.
    #[schema(required = false, max_length = 4000)]
    pub notes: Option<String>,
    /// Preferred time, as free text.
    #[schema(required = false, max_length = 200)]
    pub preferred: Option<String>,
    /// Preferred days, in the time zone of the location.
    #[schema(required = false, max_items = 3)]
    pub preferred_windows: Option<Vec<PreferredWindow>>,
}

/// Submits a request.
///
/// The request creates and links no records. If the customer is not clear, the request has `needsMapping` and warnings that
/// say why, and dispatch assigns the customer. Dispatch reviews the request, and it becomes a target when it is accepted. Requires the scope `requests.write` (and `customers.map` to name a customer)
/// and an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/requests", operation_id = "createRequest", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.write"])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters. A repeated request with the same key receives the first response for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = RequestBody,
    responses(
        (status = 201, description = "Submitted", body = Request, headers(("Location" = String, description = "URL of the request"))),
        (status = 200, description = "A request with this external ID exists: updated, unchanged, or proposed to dispatch", body = Request),
        ErrorResponses
    )
)]
pub async fn create_request(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let held = state.in_flight_keys.reserve(
        &client,
        &headers,
        "POST /api/v1/requests",
        &body.raw,
        KeyRequirement::Required,
    )?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let submitted = client_requests::submit(&state.core, permit, &form, held.key(), |row, outcome, warnings| {
        let warnings = warnings
            .iter()
            .map(|warning| warning.seen_by(client.has(Scope::CustomersRead)));
        let request = Request {
            outcome: Some(outcome),
            warnings: warnings.collect(),
            ..Request::from(row)
        };
        let location = format!("/api/v1/requests/{}", request.id);
        if outcome == ItemOutcome::Created {
            answer(201, Some(location), &request)
        } else {
            answer(200, None, &request)
        }
    })
    .await?;
    Ok(respond(submitted))
}

fn read(body: &Value) -> Result<RequestForm, Vec<FieldError>> {
    let mut errors = Vec::new();
    let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
        return Err(errors);
    };
    let external_id = reader
        .text("externalId", ExternalId::MAX_CHARS, &mut errors, ExternalId::parse)
        .value();
    if external_id.as_ref().is_some_and(ExternalId::is_placeholder) {
        errors.push(FieldError::new(
            "/externalId",
            FieldCode::ExternalIdRequired { is_placeholder: true },
        ));
    }
    let (customer, location, contact) = read_context(&mut reader, &mut errors);
    let names: Vec<&str> = ServiceType::ALL.iter().map(|kind| kind.name()).collect();
    let errors_before = errors.len();
    let service_type = reader
        .one_of("serviceType", &names, &mut errors, ServiceType::from_name)
        .value();
    if service_type.is_none() && errors.len() == errors_before {
        errors.push(FieldError::new(
            "/serviceType",
            FieldCode::RequiredOneOf {
                allowed: names.iter().map(ToString::to_string).collect(),
            },
        ));
    }
    let priority = reader
        .one_of(
            "priority",
            &["low", "normal", "high", "urgent"],
            &mut errors,
            Priority::from_name,
        )
        .value()
        .unwrap_or(Priority::Normal);
    let description = reader.required_text("description", MAX_DESCRIPTION_CHARS, &mut errors, |text| {
        text::paragraphs(text, MAX_DESCRIPTION_CHARS)
    });
    let internal_notes = reader
        .text("notes", MAX_DESCRIPTION_CHARS, &mut errors, |text| {
            text::optional_paragraphs(text, MAX_DESCRIPTION_CHARS)
        })
        .value()
        .flatten();
    let preferred = reader
        .text("preferred", MAX_PREFERRED_CHARS, &mut errors, |text| {
            text::optional_line(text, MAX_PREFERRED_CHARS)
        })
        .value()
        .flatten();
    let windows = match reader.raw("preferredWindows") {
        Patch::Value(value) => PreferredWindow::read_list(value, "/preferredWindows", &mut errors),
        Patch::Absent | Patch::Null => Vec::new(),
    };
    reader.finish(&mut errors);
    match (service_type, description) {
        (Some(service_type), Some(description)) if errors.is_empty() => Ok(RequestForm {
            external_id,
            service_type,
            priority,
            description,
            internal_notes,
            preferred,
            windows,
            payload_hash: payload_hash(body),
            context: ContextParts {
                customer,
                location,
                contact,
            },
        }),
        _ => Err(errors),
    }
}
