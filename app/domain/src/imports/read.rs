//! Parses import bodies and reports all errors at once, each with its JSON pointer.

use chrono::{DateTime, Datelike as _, SubsecRound as _, Utc};
use serde_json::{Map, Value};

use super::{ContactPart, CustomerPart, ImportAction, LocationPart, PlacePatch, TargetImport};
use crate::customers::{
    Address, Coordinates, MAX_CITY_CHARS, MAX_PHONE_CHARS, MAX_POSTAL_CODE_CHARS, MAX_STREET_CHARS, Place,
};
use crate::fields::{FieldCode, FieldError, ObjectReader, Patch};
use crate::jobs::targets::DURATION_MINUTES;
use crate::requests::Priority;
use crate::scheduling::windows::TimeWindow;
use crate::text::{self, CustomerNumber, ExternalId};

/// Maximum length of notes, in characters.
pub const MAX_NOTES_CHARS: usize = 4_000;
/// Maximum length of a name, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Maximum number of attributes per import.
pub const MAX_ATTRIBUTES: usize = 20;
/// Maximum number of required skills per import.
pub const MAX_SKILLS: usize = 20;

impl TargetImport {
    /// Parses a body whose characters and depth were already checked. `is_zone` checks IANA time zones, because this
    /// crate does not include the zone data.
    ///
    /// # Errors
    /// All invalid fields, each with its JSON pointer.
    pub fn read(body: &Value, is_zone: fn(&str) -> bool) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let Some(mut reader) = ObjectReader::new(body, "", &mut errors) else {
            return Err(errors);
        };
        let external_id = read_external_id(&mut reader, body, &mut errors);
        let source_system = reader
            .text("sourceSystem", 64, &mut errors, |text| text::line(text, 64))
            .value();
        let source_updated_at = read_timestamp(&mut reader, "sourceUpdatedAt", &mut errors);
        let action = reader
            .one_of(
                "action",
                &["upsert", "cancel", "reopen"],
                &mut errors,
                ImportAction::from_name,
            )
            .value()
            .unwrap_or(ImportAction::Upsert);
        let customer = reader
            .raw("customer")
            .value()
            .and_then(|value| read_customer(value, &mut errors));
        let location = reader.raw("location");
        let clears_location = location == Patch::Null;
        let mut location = location.value().and_then(|value| read_location(value, &mut errors));
        let contact = reader.raw("contact");
        let clears_contact = contact == Patch::Null;
        let contact = contact.value().and_then(|value| read_contact(value, &mut errors));
        let place = read_job_place(&mut reader, &mut errors);
        let job = place.over(Place::default());
        if job != Place::default() {
            location.get_or_insert_with(LocationPart::default).job = job;
        }
        let service_type = filled(reader.text("serviceType", 100, &mut errors, |text| text::optional_line(text, 100)));
        let priority = reader.one_of(
            "priority",
            &["low", "normal", "high", "urgent"],
            &mut errors,
            Priority::from_name,
        );
        let time_window = read_patch(&mut reader, "timeWindow", |value| {
            read_window(value, is_zone, &mut errors)
        });
        let duration_minutes = reader.integer("durationMinutes", DURATION_MINUTES, &mut errors);
        let required_skills = read_patch(&mut reader, "requiredSkills", |value| read_skills(value, &mut errors));
        let notes = filled(reader.text("notes", MAX_NOTES_CHARS, &mut errors, |text| {
            text::optional_paragraphs(text, MAX_NOTES_CHARS)
        }));
        let attributes = read_patch(&mut reader, "attributes", |value| read_attributes(value, &mut errors));
        reader.finish(&mut errors);
        match external_id {
            Some(external_id) if errors.is_empty() => Ok(Self {
                external_id,
                source_system,
                source_updated_at,
                action,
                customer,
                location,
                clears_location,
                contact,
                clears_contact,
                place,
                service_type,
                priority,
                time_window,
                duration_minutes,
                required_skills,
                notes,
                attributes,
            }),
            _ => Err(errors),
        }
    }
}

/// Returns a text that may be blank, which counts as absent.
pub fn filled<T>(sent: Patch<Option<T>>) -> Patch<T> {
    match sent {
        Patch::Absent | Patch::Value(None) => Patch::Absent,
        Patch::Null => Patch::Null,
        Patch::Value(Some(value)) => Patch::Value(value),
    }
}

/// Parses the external id of the job. Without one there is no record to create or update.
fn read_external_id(reader: &mut ObjectReader<'_>, body: &Value, errors: &mut Vec<FieldError>) -> Option<ExternalId> {
    let external_id = reader.text("externalId", ExternalId::MAX_CHARS, errors, ExternalId::parse);
    let sent = body.get("externalId");
    if sent.is_none_or(|sent| sent.is_null() || sent.as_str() == Some("")) {
        errors.push(FieldError::new(
            "/externalId",
            FieldCode::ExternalIdRequired { is_placeholder: false },
        ));
    }
    external_id.value().inspect(|id| {
        if id.is_placeholder() {
            errors.push(FieldError::new(
                "/externalId",
                FieldCode::ExternalIdRequired { is_placeholder: true },
            ));
            errors.push(FieldError::new(
                "/externalId",
                FieldCode::Mapping("external_id_blocked_value".to_owned()),
            ));
        }
    })
}

/// Parses a member that may be absent or null. An invalid value counts as absent; `parse` reports its error.
fn read_patch<'a, T>(
    reader: &mut ObjectReader<'a>,
    name: &'static str,
    parse: impl FnOnce(&'a Value) -> Option<T>,
) -> Patch<T> {
    match reader.raw(name) {
        Patch::Absent => Patch::Absent,
        Patch::Null => Patch::Null,
        Patch::Value(value) => parse(value).map_or(Patch::Absent, Patch::Value),
    }
}

/// Parses the members `customer`, `location` and `contact`; the object may have others.
pub fn read_context(
    reader: &mut ObjectReader<'_>,
    errors: &mut Vec<FieldError>,
) -> (Option<CustomerPart>, Option<LocationPart>, Option<ContactPart>) {
    (
        reader
            .raw("customer")
            .value()
            .and_then(|value| read_customer(value, errors)),
        reader
            .raw("location")
            .value()
            .and_then(|value| read_location(value, errors)),
        reader
            .raw("contact")
            .value()
            .and_then(|value| read_contact(value, errors)),
    )
}

/// Parses the address members and `coordinates` as a partial update; the object may have others.
pub fn read_place(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> PlacePatch {
    let mut place = PlacePatch::default();
    read_address_patch(reader, &mut place, errors);
    place.coordinates = read_patch(reader, "coordinates", |value| {
        read_coordinates(value, "/coordinates", errors)
    });
    place
}

/// Parses the members of an address as a partial update.
fn read_address_patch(reader: &mut ObjectReader<'_>, place: &mut PlacePatch, errors: &mut Vec<FieldError>) {
    let mut line = |name, max_chars: usize, errors: &mut Vec<FieldError>| {
        filled(reader.text(name, max_chars, errors, |text| text::optional_line(text, max_chars)))
    };
    place.street = line("street", 200, errors);
    place.postal_code = line("postalCode", 20, errors);
    place.city = line("city", 100, errors);
    place.country = reader.text("country", 2, errors, text::country);
}

fn read_timestamp(
    reader: &mut ObjectReader<'_>,
    name: &'static str,
    errors: &mut Vec<FieldError>,
) -> Option<DateTime<Utc>> {
    let pointer = reader.pointer(name);
    let value = reader.raw(name).value()?;
    let timestamp = value.as_str().and_then(parse_timestamp);
    if timestamp.is_none() {
        errors.push(FieldError::new(pointer, FieldCode::InvalidTimestamp));
    }
    timestamp
}

/// Parses a timestamp within the range and precision (microseconds) of both databases, so that a repeated value
/// equals the stored one.
fn parse_timestamp(text: &str) -> Option<DateTime<Utc>> {
    let timestamp = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (1..=9999)
        .contains(&timestamp.year())
        .then(|| timestamp.trunc_subsecs(6))
}

fn read_customer(value: &Value, errors: &mut Vec<FieldError>) -> Option<CustomerPart> {
    let mut reader = ObjectReader::new(value, "/customer", errors)?;
    let part = CustomerPart {
        external_id: reader
            .text("externalId", ExternalId::MAX_CHARS, errors, ExternalId::parse)
            .value(),
        customer_number: reader
            .text(
                "customerNumber",
                CustomerNumber::MAX_CHARS,
                errors,
                CustomerNumber::parse,
            )
            .value()
            .flatten(),
        name: reader
            .text("name", MAX_NAME_CHARS, errors, |text| {
                text::optional_line(text, MAX_NAME_CHARS)
            })
            .value()
            .flatten(),
    };
    reader.finish(errors);
    Some(part)
}

fn read_address(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> Address {
    Address {
        street: reader
            .text("street", MAX_STREET_CHARS, errors, |text| {
                text::optional_line(text, MAX_STREET_CHARS)
            })
            .value()
            .flatten(),
        postal_code: reader
            .text("postalCode", MAX_POSTAL_CODE_CHARS, errors, |text| {
                text::optional_line(text, MAX_POSTAL_CODE_CHARS)
            })
            .value()
            .flatten(),
        city: reader
            .text("city", MAX_CITY_CHARS, errors, |text| {
                text::optional_line(text, MAX_CITY_CHARS)
            })
            .value()
            .flatten(),
        country: reader.text("country", 2, errors, text::country).value(),
    }
}

/// Parses `address` and `coordinates` of the job itself.
fn read_job_place(reader: &mut ObjectReader<'_>, errors: &mut Vec<FieldError>) -> PlacePatch {
    let mut place = PlacePatch::default();
    match reader.raw("address") {
        Patch::Absent => {}
        Patch::Null => place.clears_address = true,
        Patch::Value(value) => {
            if let Some(mut inner) = ObjectReader::new(value, "/address", errors) {
                read_address_patch(&mut inner, &mut place, errors);
                inner.finish(errors);
            }
        }
    }
    place.coordinates = read_patch(reader, "coordinates", |value| {
        read_coordinates(value, "/coordinates", errors)
    });
    place
}

fn read_location(value: &Value, errors: &mut Vec<FieldError>) -> Option<LocationPart> {
    let mut reader = ObjectReader::new(value, "/location", errors)?;
    let part = LocationPart {
        job: Place::default(),
        external_id: reader
            .text("externalId", ExternalId::MAX_CHARS, errors, ExternalId::parse)
            .value(),
        name: reader
            .text("name", MAX_NAME_CHARS, errors, |text| {
                text::optional_line(text, MAX_NAME_CHARS)
            })
            .value()
            .flatten(),
        address: read_address(&mut reader, errors),
        coordinates: reader
            .raw("coordinates")
            .value()
            .and_then(|value| read_coordinates(value, "/location/coordinates", errors)),
    };
    reader.finish(errors);
    Some(part)
}

fn read_contact(value: &Value, errors: &mut Vec<FieldError>) -> Option<ContactPart> {
    let mut reader = ObjectReader::new(value, "/contact", errors)?;
    let part = ContactPart {
        external_id: reader
            .text("externalId", ExternalId::MAX_CHARS, errors, ExternalId::parse)
            .value(),
        display_name: reader
            .text("displayName", MAX_NAME_CHARS, errors, |text| {
                text::optional_line(text, MAX_NAME_CHARS)
            })
            .value()
            .flatten(),
        email: reader.text("email", 254, errors, text::email).value(),
        phone: reader
            .text("phone", MAX_PHONE_CHARS, errors, |text| {
                text::optional_line(text, MAX_PHONE_CHARS)
            })
            .value()
            .flatten(),
    };
    reader.finish(errors);
    Some(part)
}

fn read_coordinates(value: &Value, pointer: &str, errors: &mut Vec<FieldError>) -> Option<Coordinates> {
    let mut reader = ObjectReader::new(value, pointer, errors)?;
    let mut degrees = |name| reader.raw(name).value().and_then(Value::as_f64);
    let (lat, lon) = (degrees("lat"), degrees("lon"));
    reader.finish(errors);
    let coordinates = lat.zip(lon).and_then(|(lat, lon)| Coordinates::new(lat, lon));
    if coordinates.is_none() {
        errors.push(FieldError::new(pointer, FieldCode::InvalidCoordinates));
    }
    coordinates
}

fn read_window(value: &Value, is_zone: fn(&str) -> bool, errors: &mut Vec<FieldError>) -> Option<TimeWindow> {
    let mut reader = ObjectReader::new(value, "/timeWindow", errors)?;
    let start = read_timestamp(&mut reader, "start", errors);
    let end = read_timestamp(&mut reader, "end", errors);
    let zone = reader.text("zone", 64, errors, |text| text::line(text, 64)).value();
    reader.finish(errors);
    let window = match (start, end, zone) {
        (Some(start), Some(end), Some(zone)) => {
            Some(TimeWindow { start, end, zone }).filter(|window| window.is_plausible() && is_zone(&window.zone))
        }
        _ => None,
    };
    if window.is_none() {
        errors.push(FieldError::new(
            "/timeWindow",
            FieldCode::InvalidTimeWindow { max_days: 31 },
        ));
    }
    window
}

fn read_skills(value: &Value, errors: &mut Vec<FieldError>) -> Option<Vec<String>> {
    let skills = value
        .as_array()
        .filter(|items| items.len() <= MAX_SKILLS)
        .and_then(|items| {
            items
                .iter()
                .map(|item| item.as_str().and_then(|text| text::line(text, 64).ok()))
                .collect::<Option<Vec<_>>>()
        });
    if skills.is_none() {
        errors.push(FieldError::new(
            "/requiredSkills",
            FieldCode::InvalidStringList {
                max: MAX_SKILLS,
                max_chars: 64,
            },
        ));
    }
    skills
}

fn read_attributes(value: &Value, errors: &mut Vec<FieldError>) -> Option<Map<String, Value>> {
    let attributes = value.as_object().filter(|members| {
        members.len() <= MAX_ATTRIBUTES && members.values().all(|member| !member.is_array() && !member.is_object())
    });
    if attributes.is_none() {
        errors.push(FieldError::new(
            "/attributes",
            FieldCode::InvalidAttributes { max: MAX_ATTRIBUTES },
        ));
    }
    attributes.cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn codes(body: Value) -> Vec<(String, String)> {
        TargetImport::read(&body, |_| true)
            .expect_err("body is invalid")
            .into_iter()
            .map(|error| (error.pointer, error.code.code().to_owned()))
            .collect()
    }

    #[test]
    fn import_example_is_parsed() {
        let import = TargetImport::read(&json!({
            "externalId": "JOB-2026-000918",
            "customer": {"externalId": "CUST-10042", "customerNumber": "RRM-001", "name": "Rhein-Ruhr Medical Supply"},
            "location": {"externalId": "LOC-ESSEN-01", "name": "Essen Center", "city": "Essen"},
            "contact": {"externalId": "CONT-44", "displayName": "Anna Weber"}
        }), |_| true)
        .expect("body is valid");
        assert_eq!(import.external_id.as_str(), "JOB-2026-000918");
        assert_eq!(
            import.location.and_then(|location| location.address.city).as_deref(),
            Some("Essen")
        );
        assert_eq!(import.notes, Patch::Absent);
    }

    #[test]
    fn import_invalid_fields_return_pointer_and_code() {
        let cases = [
            (json!({}), "/externalId", "external_id_required"),
            (json!({"externalId": ""}), "/externalId", "external_id_required"),
            (
                json!({"externalId": "x", "sourceUpdatedAt": "0000-01-01T00:00:00Z"}),
                "/sourceUpdatedAt",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "sourceUpdatedAt": "0001-01-01T00:30:00+01:00"}),
                "/sourceUpdatedAt",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "sourceUpdatedAt": "9999-12-31T23:30:00-01:00"}),
                "/sourceUpdatedAt",
                "validation_failed",
            ),
            (json!({"externalId": " x"}), "/externalId", "surrounding_space"),
            (json!({"externalId": "x\u{200b}"}), "/externalId", "invalid_character"),
            (
                json!({"externalId": "x", "customer": {"customerNumber": "RRM\u{a0}001"}}),
                "/customer/customerNumber",
                "invalid_character",
            ),
            (json!({"externalId": 7}), "/externalId", "validation_failed"),
            (json!({"externalId": "x", "colour": "red"}), "/colour", "unknown_field"),
            (
                json!({"externalId": "x", "customer": {"vip": true}}),
                "/customer/vip",
                "unknown_field",
            ),
            (
                json!({"externalId": "x", "customer": []}),
                "/customer",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "priority": "asap"}),
                "/priority",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "durationMinutes": 0}),
                "/durationMinutes",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "coordinates": {"lat": 91, "lon": 0}}),
                "/coordinates",
                "invalid_coordinates",
            ),
            (
                json!({"externalId": "x", "timeWindow": {"start": "2026-11-24T09:00:00+01:00", "end": "2026-11-24T08:00:00+01:00", "zone": "Europe/Berlin"}}),
                "/timeWindow",
                "invalid_time_window",
            ),
            (
                json!({"externalId": "x", "timeWindow": {"start": "0026-11-24T09:00:00+01:00", "end": "0026-11-24T11:00:00+01:00", "zone": "Europe/Berlin"}}),
                "/timeWindow",
                "invalid_time_window",
            ),
            (
                json!({"externalId": "x", "timeWindow": {"start": "9998-11-24T09:00:00Z", "end": "9998-11-24T11:00:00Z", "zone": "Europe/Berlin"}}),
                "/timeWindow",
                "invalid_time_window",
            ),
            (
                json!({"externalId": "x", "attributes": {"a": {}}}),
                "/attributes",
                "validation_failed",
            ),
            (
                json!({"externalId": "x", "contact": {"email": "nobody"}}),
                "/contact/email",
                "invalid_email",
            ),
            (
                json!({"externalId": "x", "notes": "y".repeat(4001)}),
                "/notes",
                "value_too_long",
            ),
        ];
        for (body, pointer, code) in cases {
            assert_eq!(codes(body.clone()), [(pointer.to_owned(), code.to_owned())], "{body}");
        }
    }

    #[test]
    fn import_placeholder_external_id_is_an_error() {
        for placeholder in ["n/a", "None", "undefined", "#N/A", "0"] {
            assert_eq!(
                codes(json!({"externalId": placeholder})),
                ["external_id_required", "external_id_blocked_value"]
                    .map(|code| ("/externalId".to_owned(), code.to_owned())),
                "{placeholder}"
            );
        }
    }

    #[test]
    fn import_empty_strings_are_absent() {
        let body = json!({
            "externalId": "x", "sourceSystem": "", "sourceUpdatedAt": "", "action": "", "customer": "", "contact": "",
            "location": {"externalId": "", "name": "", "street": "", "country": "", "coordinates": ""},
            "address": {"street": "", "country": ""}, "coordinates": "", "serviceType": "", "priority": "", "timeWindow": "",
            "durationMinutes": "", "requiredSkills": "", "notes": " ", "attributes": ""
        });
        let import = TargetImport::read(&body, |_| true).expect("empty strings are absent");
        let absent = TargetImport::read(&json!({"externalId": "x", "location": {}}), |_| true).expect("body is valid");
        assert_eq!(import, absent);
    }

    proptest! {
        /// Arbitrary JSON is parsed or rejected with errors that point into the body.
        #[test]
        fn import_any_json_returns_errors_with_valid_pointers(text in r#"\{("(externalId|customer|notes|timeWindow|attributes)":("x"|1|null|\{\}|\[\]),?){0,4}\}"#) {
            if let Ok(body) = serde_json::from_str::<Value>(&text) && let Err(errors) = TargetImport::read(&body, |_| true) {
                prop_assert!(!errors.is_empty());
                prop_assert!(errors.iter().all(|error| error.pointer.is_empty() || error.pointer.starts_with('/')));
            }
        }
    }
}
