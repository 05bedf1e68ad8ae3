//! The fields that an import changes, with old and new values, as the trial of a file and the item show them.

use domain::customers::{Coordinates, Place};
use domain::ids::{CustomerId, LocationId};
use domain::imports::results::FieldChange;
use domain::jobs::change_proposals::{Proposal, ReviewedValues};
use domain::mapping::contact::ContactCandidate;
use domain::mapping::location::LocationCandidate;
use domain::scheduling::windows::TimeWindow;

use crate::jobs::TargetRecord;
use crate::mapping::Candidates;

/// The values of a record by field; absent values are not listed.
type Values = Vec<(&'static str, Option<String>)>;

fn coordinates(coordinates: Option<Coordinates>) -> Option<String> {
    coordinates.map(|place| format!("{}, {}", place.lat, place.lon))
}

/// Returns the fields that differ.
fn differences(record: &str, before: Option<Values>, after: Values) -> Vec<FieldChange> {
    after
        .into_iter()
        .enumerate()
        .filter_map(|(index, (field, new))| {
            let old = before
                .as_ref()
                .and_then(|values| values.get(index))
                .and_then(|(_, old)| old.clone());
            (old != new).then(|| FieldChange::new(record, field, old.as_deref(), new.as_deref()))
        })
        .collect()
}

pub(super) fn of_location(before: Option<&LocationCandidate>, after: &LocationCandidate) -> Vec<FieldChange> {
    let values = |location: &LocationCandidate| -> Values {
        vec![
            ("name", Some(location.name.clone())),
            ("street", location.address.street.clone()),
            ("postalCode", location.address.postal_code.clone()),
            ("city", location.address.city.clone()),
            ("country", location.address.country.clone()),
            ("coordinates", coordinates(location.coordinates)),
        ]
    };
    differences("location", before.map(values), values(after))
}

pub(super) fn of_contact(before: Option<&ContactCandidate>, after: &ContactCandidate) -> Vec<FieldChange> {
    let values = |contact: &ContactCandidate| -> Values {
        vec![
            ("displayName", Some(contact.display_name.clone())),
            ("email", contact.email.clone()),
            ("phone", contact.phone.clone()),
        ]
    };
    differences("contact", before.map(values), values(after))
}

fn window(window: Option<&TimeWindow>) -> Option<String> {
    window.map(|window| {
        let local = |moment: chrono::DateTime<chrono::Utc>| match window.zone.parse::<chrono_tz::Tz>() {
            Ok(zone) => moment.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string(),
            Err(_) => moment.to_rfc3339(),
        };
        format!("{} \u{2013} {} {}", local(window.start), local(window.end), window.zone)
    })
}

fn place(place: &Place) -> Option<String> {
    let address = &place.address;
    let parts = [&address.street, &address.postal_code, &address.city, &address.country]
        .into_iter()
        .flatten()
        .cloned()
        .chain(coordinates(place.coordinates))
        .collect::<Vec<_>>();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn reviewed(values: &ReviewedValues) -> Values {
    vec![
        ("timeWindow", window(values.window.as_ref())),
        ("durationMinutes", Some(values.duration_minutes.to_string())),
        ("serviceType", values.service_type.clone()),
        (
            "requiredSkills",
            (!values.required_skills.is_empty()).then(|| values.required_skills.join(", ")),
        ),
        ("address", place(&values.place)),
    ]
}

/// Returns the fields of the job that differ, without links to other records.
pub(super) fn of_job(before: Option<&TargetRecord>, after: &TargetRecord) -> Vec<FieldChange> {
    let values = |target: &TargetRecord| -> Values {
        let mut values = reviewed(&target.reviewed());
        values.push(("status", Some(target.status.name().to_owned())));
        values.push(("priority", Some(target.priority.name().to_owned())));
        values.push(("notes", target.notes.clone()));
        let attributes = &target.attributes.0;
        values.push((
            "attributes",
            (!attributes.is_empty()).then(|| serde_json::Value::Object(attributes.clone()).to_string()),
        ));
        values
    };
    differences("job", before.map(values), values(after))
}

/// Returns the fields that are only proposed to dispatch.
pub(super) fn of_proposal(stored: &ReviewedValues, open: &Proposal, known: &Candidates) -> Vec<FieldChange> {
    let customer_name = |id: CustomerId| {
        let known = known.customers.get(&id);
        known.map_or_else(|| id.to_string(), |known| known.candidate.name.clone())
    };
    let location_name = |id: LocationId| {
        let known = known.locations.get(&id);
        known.map_or_else(|| id.to_string(), |known| known.name.clone())
    };
    let desired = stored.with(open);
    let mut changes = differences("job", Some(reviewed(stored)), reviewed(&desired));
    if let Some(customer) = open.customer {
        changes.push(FieldChange::new(
            "job",
            "customer",
            stored.customer.map(customer_name).as_deref(),
            Some(&customer_name(customer)),
        ));
    }
    if let Some(location) = open.location {
        changes.push(FieldChange::new(
            "job",
            "location",
            stored.location.map(location_name).as_deref(),
            location.map(location_name).as_deref(),
        ));
    }
    if let Some(name) = &open.customer_name {
        let known = customer_name(name.customer);
        changes.push(FieldChange::new("customer", "name", Some(&known), Some(&name.name)));
    }
    for change in &mut changes {
        change.is_proposed = true;
    }
    changes
}
