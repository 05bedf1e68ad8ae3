//! The body of a delivery: thin by default, with a data option's members only if the endpoint asked for them and its client
//! still holds the scope for it.

use domain::ids::{Id, Kind};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::services::integrations::DATA_OPTIONS;
use crate::store::DeliveryContext;

/// The version of the bodies.
pub const API_VERSION: &str = "2026-11-01";

/// Renders the body for one endpoint. What an option did not ask for is absent, not null.
pub(crate) fn render(context: &DeliveryContext) -> String {
    let held = |scope: domain::scopes::Scope| context.scopes.0.iter().any(|name| name == scope.name());
    let option = |name: &str| {
        context.data_options.0.iter().any(|chosen| chosen == name)
            && DATA_OPTIONS
                .iter()
                .any(|(option, scope)| *option == name && held(*scope))
    };
    let mut data = Map::new();
    if let Some(target) = part::<domain::ids::TargetKind>(context.target_id, context.target_external_id.as_deref()) {
        data.insert("target".to_owned(), Value::Object(target));
    }
    let mut customer_context = Map::new();
    if let Some(customer) =
        part::<domain::ids::CustomerKind>(context.customer_id, context.customer_external_id.as_deref())
    {
        customer_context.insert("customer".to_owned(), Value::Object(customer));
    }
    if let Some(location) =
        part::<domain::ids::LocationKind>(context.location_id, context.location_external_id.as_deref())
    {
        customer_context.insert("location".to_owned(), Value::Object(location));
    }
    if let Some(mut contact) =
        part::<domain::ids::ContactKind>(context.contact_id, context.contact_external_id.as_deref())
    {
        if option("contactDetails") {
            for (name, value) in [
                ("displayName", &context.contact_name),
                ("email", &context.contact_email),
                ("phone", &context.contact_phone),
            ] {
                if let Some(value) = value {
                    contact.insert(name.to_owned(), Value::String(value.clone()));
                }
            }
        }
        customer_context.insert("contact".to_owned(), Value::Object(contact));
    }
    data.insert("customerContext".to_owned(), Value::Object(customer_context));
    if let Value::Object(details) = &context.details.0 {
        for (name, value) in details {
            match (name.as_str(), value) {
                ("summaryPreviews" | "billingDetails", Value::Object(members)) => {
                    if option(name) {
                        data.extend(members.clone());
                    }
                }
                ("status", status) => {
                    if let Some(Value::Object(target)) = data.get_mut("target") {
                        target.insert("status".to_owned(), status.clone());
                    }
                }
                _ => {
                    data.insert(name.clone(), value.clone());
                }
            }
        }
    }
    json!({
        "type": context.event_type,
        "timestamp": context.occurred_at,
        "apiVersion": API_VERSION,
        "sequence": context.sequence,
        "orderingKey": context.ordering_key,
        "data": data,
    })
    .to_string()
}

fn part<K: Kind>(id: Option<Uuid>, external_id: Option<&str>) -> Option<Map<String, Value>> {
    let id: Id<K> = Id::from_uuid(id?);
    let mut members = Map::new();
    members.insert("id".to_owned(), Value::String(id.to_string()));
    if let Some(external_id) = external_id {
        members.insert("externalId".to_owned(), Value::String(external_id.to_owned()));
    }
    Some(members)
}
