//! What a public form sends, read once: every mistake at once, each with its field.

use chrono::NaiveDate;

use super::form::{FieldMode, FormField, FormSettings};
use super::{MOST_DESCRIPTION, MOST_WINDOWS, PreferredWindow, Requester};
use crate::customers::Address;
use crate::fields::FieldError;
use crate::locale::Locale;
use crate::requests::{Priority, ServiceType};
use crate::text::{self, TextError};

/// A form's fields as text.
#[derive(Debug, Clone, Default)]
pub struct RawSubmission {
    /// Name of a service type.
    pub service_type: String,
    /// What is needed.
    pub description: String,
    /// The requester's name.
    pub name: String,
    /// Their organisation.
    pub organisation: String,
    /// Their e-mail address.
    pub email: String,
    /// Their phone number.
    pub phone: String,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postal_code: String,
    /// City.
    pub city: String,
    /// Days with their parts.
    pub windows: Vec<(String, String)>,
    /// Whether "urgent" is ticked.
    pub urgent: bool,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Kind of service.
    pub service_type: ServiceType,
    /// How urgent the requester finds it.
    pub priority: Priority,
    /// What is needed.
    pub description: String,
    /// Who asks.
    pub requester: Requester,
    /// Where it is.
    pub address: Option<Address>,
    /// When it would suit.
    pub windows: Vec<PreferredWindow>,
}

struct Reader<'a> {
    settings: &'a FormSettings,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn take(
        &mut self,
        field: FormField,
        pointer: &'static str,
        most: usize,
        value: &str,
        parse: fn(&str, usize) -> Result<Option<String>, TextError>,
    ) -> Option<String> {
        let mode = self.settings.mode(field);
        if mode == FieldMode::Off {
            return None;
        }
        match parse(value, most) {
            Ok(None) if mode == FieldMode::Required => {
                self.errors.push(FieldError::text(pointer, TextError::Required, most));
                None
            }
            Ok(value) => value,
            Err(error) => {
                self.errors.push(FieldError::text(pointer, error, most));
                None
            }
        }
    }
}

fn email(value: &str, most: usize) -> Result<Option<String>, TextError> {
    match text::optional_line(value, most)? {
        Some(value) => text::email(&value).map(Some),
        None => Ok(None),
    }
}

/// Reads a submission by the form's own rules. A field that the form does not have is not looked at.
///
/// # Errors
/// The fields that are wrong.
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
        reader
            .errors
            .push(FieldError::new("service_type", "required", "Choose what you need."));
    }
    let description = text::paragraphs(&raw.description, MOST_DESCRIPTION)
        .map_err(|error| {
            reader
                .errors
                .push(FieldError::text("description", error, MOST_DESCRIPTION));
        })
        .unwrap_or_default();
    let line = text::optional_line;
    let requester = Requester {
        name: reader.take(FormField::Name, "name", 120, &raw.name, line),
        organisation: reader.take(FormField::Organisation, "organisation", 200, &raw.organisation, line),
        email: reader.take(FormField::Email, "email", 254, &raw.email, email),
        phone: reader.take(FormField::Phone, "phone", 40, &raw.phone, line),
        locale,
    };
    let address = Address {
        street: reader.take(FormField::Address, "street", 200, &raw.street, line),
        postal_code: reader.take(FormField::Address, "postal_code", 20, &raw.postal_code, line),
        city: reader.take(FormField::Address, "city", 120, &raw.city, line),
        country: None,
    };
    let mut windows = Vec::new();
    let mode = settings.mode(FormField::Windows);
    if mode != FieldMode::Off {
        for (date, part) in raw.windows.iter().take(MOST_WINDOWS) {
            match PreferredWindow::read(date, part, today) {
                Ok(Some(window)) if !windows.contains(&window) => windows.push(window),
                Ok(_) => {}
                Err(code) => reader.errors.push(FieldError::new(
                    "date_1",
                    code,
                    "Choose days to come, at most a year ahead.",
                )),
            }
        }
        if windows.is_empty()
            && mode == FieldMode::Required
            && reader.errors.iter().all(|error| error.pointer != "date_1")
        {
            reader
                .errors
                .push(FieldError::new("date_1", "required", "Choose at least one day."));
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
        NaiveDate::from_ymd_opt(2026, 11, 24).expect("a day")
    }

    fn complete() -> RawSubmission {
        RawSubmission {
            service_type: "repair".to_owned(),
            description: "The lift stands still.".to_owned(),
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
    fn a_complete_form_is_read() {
        let read = read(&FormSettings::default(), &complete(), Locale::De, today()).expect("complete");
        assert_eq!(read.requester.email.as_deref(), Some("mona@example.org"));
        assert_eq!(read.priority, Priority::High);
        assert_eq!(read.windows.len(), 1, "the same day twice is one wish");
        assert_eq!(read.address.and_then(|address| address.city).as_deref(), Some("Essen"));
    }

    #[test]
    fn every_mistake_is_named() {
        let raw = RawSubmission {
            email: "nobody".to_owned(),
            windows: vec![("2026-11-01".to_owned(), String::new())],
            ..RawSubmission::default()
        };
        let errors = read(&FormSettings::default(), &raw, Locale::En, today()).expect_err("refused");
        let named: Vec<(&str, &str)> = errors
            .iter()
            .map(|error| (error.pointer.as_str(), error.code.as_str()))
            .collect();
        assert_eq!(
            named,
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
    fn what_the_form_does_not_ask_is_not_taken() {
        let mut settings = FormSettings::default();
        settings.fields.clear();
        settings.service_types = vec![ServiceType::Repair];
        let taken = read(&settings, &complete(), Locale::En, today()).expect("complete");
        assert_eq!(
            taken.requester,
            Requester {
                locale: Locale::En,
                ..Requester::default()
            }
        );
        assert_eq!(
            (taken.address, taken.windows.len(), taken.priority),
            (None, 0, Priority::Normal)
        );
        let mut other = complete();
        other.service_type = "installation".to_owned();
        assert_eq!(
            read(&settings, &other, Locale::En, today()).expect_err("not offered")[0].pointer,
            "service_type"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_named(
            service in "(repair|support|.{0,9})", description in any::<String>(), email in any::<String>(), date in "[0-9-]{0,12}", urgent: bool,
        ) {
            let raw = RawSubmission { service_type: service, description, email, windows: vec![(date, String::new())], urgent, ..complete() };
            match read(&FormSettings::default(), &raw, Locale::Ar, today()) {
                Ok(read) => prop_assert!(!read.description.is_empty() && read.windows.iter().all(|window| window.date >= today())),
                Err(errors) => prop_assert!(!errors.is_empty()),
            }
        }
    }
}
