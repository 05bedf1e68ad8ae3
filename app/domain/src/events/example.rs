//! Example body for each event type, with all data options enabled.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{EventType, Member};
use crate::ids::{
    AppointmentKind, BillingTriggerKind, ContactKind, CustomerKind, FollowUpKind, Id, ImportJobKind, Kind,
    LocationKind, RequestKind, RouteSuggestionKind, TargetKind, VisitReportKind, WebhookEndpointKind,
};
use crate::webhooks::API_VERSION;

fn id<K: Kind>(number: u128) -> Value {
    // A UUIDv7 of November 2026 with a counter instead of the random part.
    Value::String(Id::<K>::from_uuid(Uuid::from_u128(0x019f_5d3c_2a00_7000_8000_0000_0000_0000 | number)).to_string())
}

/// Returns the example body of an event type with all data options enabled.
pub fn example(kind: EventType) -> Value {
    let at: DateTime<Utc> = DateTime::from_timestamp(1_795_687_200, 0).unwrap_or_default();
    let has = |member| kind.members().contains(&member);
    let mut data = Map::new();
    let mut put = |name: &str, value: Value| data.insert(name.to_owned(), value);
    let status = match kind {
        EventType::TargetScheduled | EventType::TargetChangeAccepted | EventType::TargetChangeDeclined => "scheduled",
        EventType::TargetEnRoute => "en_route",
        EventType::TargetEnRouteReverted => "dispatched",
        EventType::TargetCompleted => "completed",
        EventType::TargetCancelled => "cancelled",
        _ => "open",
    };
    let target = id::<TargetKind>(1);
    let mut ordering_key = target.clone();
    if has(Member::Target) {
        let mut member = json!({ "id": target, "externalId": "JOB-2026-000918" });
        if kind.name().starts_with("target.") || kind.name().starts_with("mapping.") {
            member["status"] = json!(status);
        }
        put("target", member);
    }
    if has(Member::Appointment) {
        let end = at + chrono::TimeDelta::hours(2);
        put(
            "appointment",
            json!({ "id": id::<AppointmentKind>(2), "start": at, "end": end, "zone": "Europe/Berlin" }),
        );
    }
    if has(Member::Request) {
        ordering_key = id::<RequestKind>(3);
        put(
            "request",
            json!({ "id": ordering_key, "externalId": "REQ-77", "status": "accepted" }),
        );
    }
    if has(Member::ImportJob) {
        ordering_key = id::<ImportJobKind>(4);
        put(
            "importJob",
            json!({ "id": ordering_key, "status": "completed", "dryRun": false,
                "counts": { "total": 3, "created": 2, "updated": 0, "unchanged": 0, "skipped": 0, "failed": 1, "warnings": 1 } }),
        );
    }
    if has(Member::VisitReport) {
        put("visitReport", json!({ "id": id::<VisitReportKind>(5) }));
    }
    if has(Member::Summary) {
        put("summary", json!("Filter changed, pressure back to normal."));
    }
    if has(Member::FollowUp) {
        let status = if kind == EventType::FollowUpPlanned {
            "planned"
        } else {
            "required"
        };
        put("followUp", json!({ "id": id::<FollowUpKind>(6), "status": status }));
    }
    if has(Member::BillingTrigger) {
        put(
            "billingTrigger",
            json!({ "id": id::<BillingTriggerKind>(7), "visitReportId": id::<VisitReportKind>(5) }),
        );
    }
    if has(Member::WorkMinutes) {
        put("workMinutes", json!(95));
    }
    if has(Member::RouteSuggestion) {
        ordering_key = id::<RouteSuggestionKind>(8);
        put("routeSuggestion", json!({ "id": ordering_key, "status": "completed" }));
    }
    if has(Member::Endpoint) {
        ordering_key = id::<WebhookEndpointKind>(9);
        let mut endpoint = json!({ "id": ordering_key, "status": "active" });
        if kind == EventType::EndpointFailing {
            endpoint["status"] = json!("failing");
        }
        if kind == EventType::EndpointDisabled {
            endpoint["status"] = json!("disabled");
            endpoint["reason"] = json!("failures");
        }
        put("webhookEndpoint", endpoint);
    }
    let context = if has(Member::Target) || has(Member::Request) {
        json!({
            "customer": { "id": id::<CustomerKind>(10), "externalId": "CUST-10042" },
            "location": { "id": id::<LocationKind>(11), "externalId": "LOC-ESSEN-01" },
            "contact": { "id": id::<ContactKind>(12), "externalId": "CONT-44", "displayName": "Anna Weber",
                "email": "anna.weber@rhein-ruhr-medical.example", "phone": "+49 201 5550144" },
        })
    } else {
        json!({})
    };
    put("customerContext", context);
    json!({
        "type": kind.name(), "timestamp": at, "apiVersion": API_VERSION, "sequence": 4711,
        "orderingKey": ordering_key, "data": data,
    })
}
