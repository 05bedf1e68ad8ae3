//! JSON Schema (2020-12) of delivery bodies, derived from the event catalog so that both stay in sync.

use serde_json::{Map, Value, json};

use super::{EventType, Member};
use crate::ids::{
    AppointmentKind, BillingTriggerKind, ContactKind, CustomerKind, FollowUpKind, ImportJobKind, Kind, LocationKind,
    RequestKind, RouteSuggestionKind, TargetKind, VisitReportKind, WebhookEndpointKind,
};
use crate::jobs::targets::TargetStatus;
use crate::requests::RequestStatus;
use crate::webhooks::{DataOption, DisabledReason, EndpointStatus};

/// Returns the JSON Schema of the body of an event type.
pub fn schema(kind: EventType) -> Value {
    let mut data = Map::new();
    let mut required = Vec::new();
    for member in kind.members() {
        let (name, schema) = describe(*member);
        let optional = matches!(member, Member::Summary | Member::WorkMinutes)
            || (kind == EventType::RequestStatusChanged && *member == Member::Target);
        if !optional {
            required.push(name);
        }
        data.insert(name.to_owned(), schema);
    }
    data.insert("customerContext".to_owned(), customer_context());
    required.push("customerContext");
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name(),
        "description": kind.meaning(),
        "type": "object",
        "required": ["type", "timestamp", "apiVersion", "sequence", "orderingKey", "data"],
        "additionalProperties": false,
        "properties": {
            "type": { "const": kind.name() },
            "timestamp": { "type": "string", "format": "date-time", "description": "When it happened." },
            "apiVersion": { "type": "string", "description": "Version of the body, pinned when the endpoint is created." },
            "sequence": { "type": "integer", "minimum": 1, "description": "Increases with every event of the organization." },
            "orderingKey": { "type": "string", "description": "Events with the same key are ordered by their sequence." },
            "data": { "type": "object", "required": required, "additionalProperties": false, "properties": data },
        },
    })
}

fn id<K: Kind>() -> Value {
    json!({ "type": "string", "pattern": format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX) })
}

fn names<T>(all: &[T], name: impl Fn(&T) -> &'static str) -> Value {
    json!({ "type": "string", "enum": all.iter().map(name).collect::<Vec<_>>() })
}

/// Returns a closed object schema with the given required members.
fn object(required: &[&str], members: Value) -> Value {
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": members })
}

fn external_id() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 128, "description": "The external ID in the endpoint's source system; absent if there is none." })
}

fn customer_context() -> Value {
    let option = DataOption::ContactDetails.name();
    let detail = |subject: &str| json!({ "type": "string", "description": format!("{subject} Only with the data option {option}.") });
    object(
        &[],
        json!({
            "customer": object(&["id"], json!({ "id": id::<CustomerKind>(), "externalId": external_id() })),
            "location": object(&["id"], json!({ "id": id::<LocationKind>(), "externalId": external_id() })),
            "contact": object(&["id"], json!({
                "id": id::<ContactKind>(), "externalId": external_id(),
                "displayName": detail("The name."), "email": detail("The email address."), "phone": detail("The phone number."),
            })),
        }),
    )
}

fn describe(member: Member) -> (&'static str, Value) {
    let moment = || json!({ "type": "string", "format": "date-time" });
    match member {
        Member::Target => (
            "target",
            object(
                &["id"],
                json!({ "id": id::<TargetKind>(), "externalId": external_id(), "status": names(TargetStatus::ALL, |status| status.name()) }),
            ),
        ),
        Member::Appointment => (
            "appointment",
            object(
                &["id", "start", "end", "zone"],
                json!({ "id": id::<AppointmentKind>(), "start": moment(), "end": moment(), "zone": { "type": "string", "description": "An IANA time zone." } }),
            ),
        ),
        Member::Request => (
            "request",
            object(
                &["id", "status"],
                json!({ "id": id::<RequestKind>(), "externalId": { "type": ["string", "null"] }, "status": names(RequestStatus::ALL, |status| status.name()) }),
            ),
        ),
        Member::ImportJob => (
            "importJob",
            object(
                &["id", "status", "dryRun"],
                json!({
                    "id": id::<ImportJobKind>(), "status": { "type": "string" }, "dryRun": { "type": "boolean" },
                    "counts": { "type": ["object", "null"], "additionalProperties": { "type": "integer", "minimum": 0 } },
                }),
            ),
        ),
        Member::VisitReport => ("visitReport", object(&["id"], json!({ "id": id::<VisitReportKind>() }))),
        Member::Summary => (
            "summary",
            json!({ "type": "string", "maxLength": 200, "description": format!("Only with the data option {}.", DataOption::SummaryPreviews.name()) }),
        ),
        Member::FollowUp => (
            "followUp",
            object(
                &["id", "status"],
                json!({ "id": id::<FollowUpKind>(), "status": names(crate::follow_ups::FollowUpStatus::ALL, |status| status.name()) }),
            ),
        ),
        Member::BillingTrigger => (
            "billingTrigger",
            object(
                &["id", "visitReportId"],
                json!({ "id": id::<BillingTriggerKind>(), "visitReportId": id::<VisitReportKind>() }),
            ),
        ),
        Member::WorkMinutes => (
            "workMinutes",
            json!({ "type": "integer", "minimum": 0, "description": format!("Only with the data option {}.", DataOption::BillingDetails.name()) }),
        ),
        Member::RouteSuggestion => (
            "routeSuggestion",
            object(
                &["id", "status"],
                json!({ "id": id::<RouteSuggestionKind>(), "status": { "type": "string" } }),
            ),
        ),
        Member::Endpoint => (
            "webhookEndpoint",
            object(
                &["id", "status"],
                json!({
                    "id": id::<WebhookEndpointKind>(), "status": names(EndpointStatus::ALL, |status| status.name()),
                    "reason": names(DisabledReason::ALL, |reason| reason.name()),
                }),
            ),
        ),
    }
}
