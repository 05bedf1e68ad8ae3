//! Parsing of public form submissions; reports all errors at once, each with its field.

use chrono::NaiveDate;

use super::form::{FieldMode, FormField, FormSettings};
use super::{MAX_DESCRIPTION_CHARS, MAX_WINDOWS, PreferredWindow, Requester};
use crate::customers::Address;
use crate::fields::{FieldCode, FieldError};
use crate::locale::Locale;
use crate::requests::{Priority, ServiceType};
use crate::text::{self, TextError};

/// Form fields as submitted.
#[derive(Debug, Clone, Default)]
pub struct RawSubmission {
    /// Stored name of a service type.
    pub service_type: String,
    /// Description of the request.
    pub description: String,
    /// Name of the requester.
    pub name: String,
    /// Organization of the requester.
    pub organisation: String,
    /// Email address of the requester.
    pub email: String,
    /// Phone number of the requester.
    pub phone: String,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Preferred dates with their day parts.
    pub windows: Vec<(String, String)>,
    /// Whether the urgency box is checked.
    pub urgent: bool,
}

/// A validated submission.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Service type.
    pub service_type: ServiceType,
    /// Priority derived from the urgency box.
    pub priority: Priority,
    /// Description of the request.
    pub description: String,
    /// Contact data of the requester.
    pub requester: Requester,
    /// Address of the location.
    pub address: Option<Address>,
    /// Preferred days.
    pub windows: Vec<PreferredWindow>,
}

struct Reader<'a> {
    settings: &'a FormSettings,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn read_field(
        &mut self,
        field: FormField,
        pointer: &'static str,
        max_chars: usize,
        value: &str,
        parse: fn(&str, usize) -> Result<Option<String>, TextError>,
    ) -> Option<String> {
        let mode = self.settings.mode(field);
        if mode == FieldMode::Off {
            return None;
        }
        match parse(value, max_chars) {
            Ok(None) if mode == FieldMode::Required => {
                self.errors
                    .push(FieldError::text(pointer, TextError::Required, max_chars));
                None
            }
            Ok(value) => value,
            Err(error) => {
                self.errors.push(FieldError::text(pointer, error, max_chars));
                None
            }
        }
    }
}

fn email(value: &str, max_chars: usize) -> Result<Option<String>, TextError> {
    match text::optional_line(value, max_chars)? {
        Some(value) => text::email(&value).map(Some),
        None => Ok(None),
    }
}

/// Parses a submission according to the form's settings. Fields that are off are ignored.
///
/// # Errors
/// All invalid fields.
pub fn read(
    settings: &FormSettings,
    raw: &RawSubmission,
    locale: Locale,
    today: NaiveDate,
) -> Result<Submission, Vec<FieldError>> {
    let mut reader = Reader {
        settings,
        errors: Vec::new(),
    };
    let service_type = ServiceType::from_name(&raw.service_type).filter(|kind| settings.service_types.contains(kind));
    if service_type.is_none() {
        reader.errors.push(FieldError::new("service_type", FieldCode::Required));
    }
    let description = text::paragraphs(&raw.description, MAX_DESCRIPTION_CHARS)
        .map_err(|error| {
            reader
                .errors
                .push(FieldError::text("description", error, MAX_DESCRIPTION_CHARS));
        })
        .unwrap_or_default();
    let line = text::optional_line;
    let requester = Requester {
        name: reader.read_field(FormField::Name, "name", 120, &raw.name, line),
        organisation: reader.read_field(FormField::Organisation, "organisation", 200, &raw.organisation, line),
        email: reader.read_field(FormField::Email, "email", 254, &raw.email, email),
        phone: reader.read_field(FormField::Phone, "phone", 40, &raw.phone, line),
        locale,
    };
    let address = Address {
        street: reader.read_field(FormField::Address, "street", 200, &raw.street, line),
        postal_code: reader.read_field(FormField::Address, "postal_code", 20, &raw.postal_code, line),
        city: reader.read_field(FormField::Address, "city", 120, &raw.city, line),
        country: None,
    };
    let mut windows = Vec::new();
    let mode = settings.mode(FormField::Windows);
    if mode != FieldMode::Off {
        for (date, part) in raw.windows.iter().take(MAX_WINDOWS) {
            match PreferredWindow::read(date, part, today) {
                Ok(Some(window)) if !windows.contains(&window) => windows.push(window),
                Ok(_) => {}
                Err(code) => reader.errors.push(FieldError::new("date_1", code)),
            }
        }
        if windows.is_empty()
            && mode == FieldMode::Required
            && reader.errors.iter().all(|error| error.pointer != "date_1")
        {
            reader.errors.push(FieldError::new("date_1", FieldCode::Required));
        }
    }
    let urgent = raw.urgent && settings.mode(FormField::Urgency) != FieldMode::Off;
    match service_type {
        Some(service_type) if reader.errors.is_empty() => Ok(Submission {
            service_type,
            priority: if urgent { Priority::High } else { Priority::Normal },
            description,
            requester,
            address: (address != Address::default()).then_some(address),
            windows,
        }),
        _ => Err(reader.errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 24).expect("date is valid")
    }

    fn complete() -> RawSubmission {
        RawSubmission {
            service_type: "repair".to_owned(),
            description: "The elevator is stuck.".to_owned(),
            name: "Mona Haddad".to_owned(),
            email: "Mona@Example.org".to_owned(),
            street: "Rathausplatz 1".to_owned(),
            postal_code: "45127".to_owned(),
            city: "Essen".to_owned(),
            windows: vec![("2026-11-25".to_owned(), "morning".to_owned()); 2],
            urgent: true,
            ..RawSubmission::default()
        }
    }

    #[test]
    fn submission_complete_form_is_parsed() {
        let submission = read(&FormSettings::default(), &complete(), Locale::De, today()).expect("form is valid");
        assert_eq!(submission.requester.email.as_deref(), Some("mona@example.org"));
        assert_eq!(submission.priority, Priority::High);
        assert_eq!(submission.windows.len(), 1, "duplicate days are removed");
        assert_eq!(
            submission.address.and_then(|address| address.city).as_deref(),
            Some("Essen")
        );
    }

    #[test]
    fn submission_invalid_form_returns_all_errors() {
        let raw = RawSubmission {
            email: "nobody".to_owned(),
            windows: vec![("2026-11-01".to_owned(), String::new())],
            ..RawSubmission::default()
        };
        let errors = read(&FormSettings::default(), &raw, Locale::En, today()).expect_err("form is invalid");
        let found: Vec<(&str, &str)> = errors
            .iter()
            .map(|error| (error.pointer.as_str(), error.code.code()))
            .collect();
        assert_eq!(
            found,
            [
                ("service_type", "required"),
                ("description", "required"),
                ("name", "required"),
                ("email", "invalid_email"),
                ("street", "required"),
                ("postal_code", "required"),
                ("city", "required"),
                ("date_1", "in_the_past"),
            ]
        );
    }

    #[test]
    fn submission_disabled_fields_are_ignored() {
        let mut settings = FormSettings::default();
        settings.fields.clear();
        settings.service_types = vec![ServiceType::Repair];
        let submission = read(&settings, &complete(), Locale::En, today()).expect("form is valid");
        assert_eq!(
            submission.requester,
            Requester {
                locale: Locale::En,
                ..Requester::default()
            }
        );
        assert_eq!(
            (submission.address, submission.windows.len(), submission.priority),
            (None, 0, Priority::Normal)
        );
        let mut other = complete();
        other.service_type = "installation".to_owned();
        assert_eq!(
            read(&settings, &other, Locale::En, today()).expect_err("service type is not offered")[0].pointer,
            "service_type"
        );
    }

    proptest! {
        #[test]
        fn submission_arbitrary_input_is_parsed_or_rejected(
            service in "(repair|support|.{0,9})", description in any::<String>(), email in any::<String>(), date in "[0-9-]{0,12}", urgent: bool,
        ) {
            let raw = RawSubmission { service_type: service, description, email, windows: vec![(date, String::new())], urgent, ..complete() };
            match read(&FormSettings::default(), &raw, Locale::Ar, today()) {
                Ok(submission) => prop_assert!(!submission.description.is_empty() && submission.windows.iter().all(|window| window.date >= today())),
                Err(errors) => prop_assert!(!errors.is_empty()),
            }
        }
    }
}
