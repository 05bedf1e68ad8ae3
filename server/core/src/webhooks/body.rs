//! Delivery bodies: ids only by default. The members of a data option are included only if the endpoint selected the
//! option and its client has the required scope.

use domain::ids::{Id, Kind};
use domain::webhooks::DataOption;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::events::EventContext;

/// Renders the body of an event with the given data options. Members of unselected options are absent, not null.
pub(crate) fn render(event: &EventContext, options: &[DataOption], api_version: &str) -> String {
    render_value(event, options, api_version).to_string()
}

/// Renders the body as a JSON value; see [`render`].
pub(crate) fn render_value(event: &EventContext, options: &[DataOption], api_version: &str) -> Value {
    let mut data = Map::new();
    if let Some(target) = reference::<domain::ids::TargetKind>(event.target_id, event.target_external_id.as_deref()) {
        data.insert("target".to_owned(), Value::Object(target));
    }
    let mut customer_context = Map::new();
    if let Some(customer) =
        reference::<domain::ids::CustomerKind>(event.customer_id, event.customer_external_id.as_deref())
    {
        customer_context.insert("customer".to_owned(), Value::Object(customer));
    }
    if let Some(location) =
        reference::<domain::ids::LocationKind>(event.location_id, event.location_external_id.as_deref())
    {
        customer_context.insert("location".to_owned(), Value::Object(location));
    }
    if let Some(mut contact) =
        reference::<domain::ids::ContactKind>(event.contact_id, event.contact_external_id.as_deref())
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
                // Only the documented members of the option leave the system.
                (Some(option), Value::Object(members)) => {
                    let (_, known) = option.location();
                    let is_selected = options.contains(&option);
                    data.extend(
                        members
                            .iter()
                            .filter(|(member, _)| is_selected && known.contains(&member.as_str()))
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

fn reference<K: Kind>(id: Option<Uuid>, external_id: Option<&str>) -> Option<Map<String, Value>> {
    let id: Id<K> = Id::from_uuid(id?);
    let mut members = Map::new();
    members.insert("id".to_owned(), Value::String(id.to_string()));
    if let Some(external_id) = external_id {
        members.insert("externalId".to_owned(), Value::String(external_id.to_owned()));
    }
    Some(members)
}
