//! `POST /requests`.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::fields::{FieldError, ObjectReader, Patch};
use domain::imports::{ContactBody, CustomerBody, LocationBody, read_context};
use domain::intake::PreferredWindow;
use domain::requests::{Priority, ServiceType};
use domain::text::{self, ExternalId};
use ordinavo_core::CoreError;
use ordinavo_core::imports::resolve::ContextParts;
use ordinavo_core::requests::client_requests;
use ordinavo_core::requests::client_requests::{MOST_DESCRIPTION, MOST_PREFERRED, RequestForm};
use serde::Serialize;
use serde_json::Value;

use super::Request;
use crate::api::body::JsonBody;
use crate::api::idempotency::{Demand, answer, respond};
use crate::api::problem::{ApiError, Refusals};
use crate::authn::bearer::Bearer;
use crate::serve::AppState;

/// A request as a client submits it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "externalId": "CASE-2026-7", "customer": {"externalId": "CUST-10042"}, "location": {"externalId": "LOC-ESSEN-01"},
    "serviceType": "repair", "priority": "high", "description": "The cold store beeps and shows E4."
}))]
pub struct RequestBody {
    /// Id in the source system; sent again, it is the same request.
    #[schema(required = false, min_length = 1, max_length = 128)]
    pub external_id: Option<String>,
    /// Who it is for; must be known already.
    #[schema(required = false)]
    pub customer: Option<CustomerBody>,
    /// Where it is.
    #[schema(required = false)]
    pub location: Option<LocationBody>,
    /// Whom to talk to.
    #[schema(required = false)]
    pub contact: Option<ContactBody>,
    /// Kind of service.
    pub service_type: ServiceType,
    /// Urgency; `normal` when absent.
    #[schema(required = false)]
    pub priority: Option<Priority>,
    /// What is needed.
    #[schema(min_length = 1, max_length = 4000)]
    pub description: String,
    /// When it would suit, in words.
    #[schema(required = false, max_length = 200)]
    pub preferred: Option<String>,
    /// Days that would suit, in the location's time.
    #[schema(required = false, max_items = 3)]
    pub preferred_windows: Option<Vec<PreferredWindow>>,
}

/// Submit a request.
///
/// For a customer that is known: nothing is created or linked on the way. Dispatch reviews it; it becomes a target when it
/// is accepted. Needs the scope `requests.write` (and `customers.map` to name a customer) and an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/requests", operation_id = "createRequest", tag = "requests", security(("apiKey" = []), ("oauth2" = ["requests.write"])),
    params(("Idempotency-Key" = String, Header, description = "1 to 255 printable ASCII characters; the first answer is repeated for 24 hours", min_length = 1, max_length = 255, pattern = "^[ -~]+$")),
    request_body = RequestBody,
    responses(
        (status = 201, description = "Submitted", body = Request, headers(("Location" = String, description = "The request"))),
        (status = 200, description = "It was submitted before under this external id", body = Request),
        Refusals
    )
)]
pub async fn create_request(
    State(state): State<AppState>,
    Bearer(client): Bearer,
    headers: HeaderMap,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let permit = client.require()?;
    let held = state
        .running_keys
        .take(&client, &headers, "POST /api/v1/requests", &body.raw, Demand::Required)?;
    let form = read(&body.value).map_err(CoreError::invalid)?;
    let submitted = client_requests::submit(&state.core, permit, &form, held.key(), |row, is_new| {
        let request = Request::from(row);
        let location = format!("/api/v1/requests/{}", request.id);
        if is_new {
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
        .text("externalId", ExternalId::MOST, &mut errors, ExternalId::parse)
        .value();
    if external_id.as_ref().is_some_and(ExternalId::is_blank_like) {
        errors.push(FieldError::new(
            "/externalId",
            "external_id_required",
            "This value only says that there is no id.",
        ));
    }
    let (customer, location, contact) = read_context(&mut reader, &mut errors);
    let names: Vec<&str> = ServiceType::ALL.iter().map(|kind| kind.name()).collect();
    let before = errors.len();
    let service_type = reader
        .one_of("serviceType", &names, &mut errors, ServiceType::from_name)
        .value();
    if service_type.is_none() && errors.len() == before {
        errors.push(FieldError::new(
            "/serviceType",
            "required",
            format!("One of {} is required.", names.join(", ")),
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
    let description = reader.required_text("description", MOST_DESCRIPTION, &mut errors, |text| {
        text::paragraphs(text, MOST_DESCRIPTION)
    });
    let preferred = reader
        .text("preferred", MOST_PREFERRED, &mut errors, |text| {
            text::optional_line(text, MOST_PREFERRED)
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
            preferred,
            windows,
            context: ContextParts {
                customer,
                location,
                contact,
            },
        }),
        _ => Err(errors),
    }
}
