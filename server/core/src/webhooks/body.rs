//! The body of a delivery: thin by default, with a data option's members only if the endpoint asked for them and its client
//! still holds the scope for it.

use domain::ids::{Id, Kind};
use domain::webhooks::DataOption;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::events::EventContext;

/// Renders the body of an event with some data options. What an option did not ask for is absent, not null.
pub(crate) fn render(event: &EventContext, options: &[DataOption], api_version: &str) -> String {
    render_value(event, options, api_version).to_string()
}

/// Like [`render`], as a value.
pub(crate) fn render_value(event: &EventContext, options: &[DataOption], api_version: &str) -> Value {
    let mut data = Map::new();
    if let Some(target) = part::<domain::ids::TargetKind>(event.target_id, event.target_external_id.as_deref()) {
        data.insert("target".to_owned(), Value::Object(target));
    }
    let mut customer_context = Map::new();
    if let Some(customer) = part::<domain::ids::CustomerKind>(event.customer_id, event.customer_external_id.as_deref())
    {
        customer_context.insert("customer".to_owned(), Value::Object(customer));
    }
    if let Some(location) = part::<domain::ids::LocationKind>(event.location_id, event.location_external_id.as_deref())
    {
        customer_context.insert("location".to_owned(), Value::Object(location));
    }
    if let Some(mut contact) = part::<domain::ids::ContactKind>(event.contact_id, event.contact_external_id.as_deref())
    {
        if options.contains(&DataOption::ContactDetails) {
            let values = [&event.contact_name, &event.contact_email, &event.contact_phone];
            for (name, value) in DataOption::ContactDetails.location().1.iter().zip(values) {
                if let Some(value) = value {
                    contact.insert((*name).to_owned(), Value::String(value.clone()));
                }
            }
        }
        customer_context.insert("contact".to_owned(), Value::Object(contact));
    }
    data.insert("customerContext".to_owned(), Value::Object(customer_context));
    if let Value::Object(details) = &event.details.0 {
        for (name, value) in details {
            match (DataOption::from_name(name), value) {
                // Only the members that the option is known to have: what else stands there stays here.
                (Some(option), Value::Object(members)) => {
                    let (_, known) = option.location();
                    let wanted = options.contains(&option);
                    data.extend(
                        members
                            .iter()
                            .filter(|(member, _)| wanted && known.contains(&member.as_str()))
                            .map(|(member, value)| (member.clone(), value.clone())),
                    );
                }
                (Some(_), _) => {}
                (None, status) if name == "status" => {
                    if let Some(Value::Object(target)) = data.get_mut("target") {
                        target.insert("status".to_owned(), status.clone());
                    }
                }
                (None, value) => {
                    data.insert(name.clone(), value.clone());
                }
            }
        }
    }
    json!({
        "type": event.event_type,
        "timestamp": event.occurred_at,
        "apiVersion": api_version,
        "sequence": event.sequence,
        "orderingKey": event.event_key,
        "data": data,
    })
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
