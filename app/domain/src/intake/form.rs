//! Public forms: which fields they have, what they say, and who may embed them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;
use crate::locale::Locale;
use crate::requests::ServiceType;
use crate::text;

/// The longest heading of a form, in characters.
pub const MOST_TITLE: usize = 120;
/// The longest text on a form, in characters.
pub const MOST_TEXT: usize = 1_000;
/// How many hosts may embed a form.
pub const MOST_HOSTS: usize = 20;

crate::stored_names! {
    /// A field that a form may have besides what is needed: kind of service and description.
    FormField {
        /// The requester's name.
        Name = "name",
        /// Their organisation.
        Organisation = "organisation",
        /// Their e-mail address.
        Email = "email",
        /// Their phone number.
        Phone = "phone",
        /// Where it is.
        Address = "address",
        /// When it would suit.
        Windows = "windows",
        /// Whether it is urgent.
        Urgency = "urgency",
        /// Pictures and documents.
        Files = "files",
    }
}

impl FormField {
    /// Whether the field can be required: leaving a box empty is an answer, and files need a script on some devices.
    pub const fn can_be_required(self) -> bool {
        !matches!(self, Self::Urgency | Self::Files)
    }
}

crate::stored_names! {
    /// Whether a form has a field.
    FieldMode {
        /// It does not.
        Off = "off",
        /// It may be left empty.
        Optional = "optional",
        /// It must be filled in.
        Required = "required",
    }
}

/// What a form says in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormTexts {
    /// The heading.
    pub title: String,
    /// What stands below it.
    pub intro: String,
    /// What stands on the tracking page right after sending.
    pub thanks: String,
}

/// Everything about a form that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormSettings {
    /// The fields; one that is not listed is off.
    pub fields: BTreeMap<FormField, FieldMode>,
    /// The kinds of service that can be chosen.
    pub service_types: Vec<ServiceType>,
    /// What the form says, by language. A language without a title is not offered.
    pub texts: BTreeMap<String, FormTexts>,
    /// Hosts whose pages may show the form in a frame.
    pub hosts: Vec<String>,
}

impl Default for FormSettings {
    fn default() -> Self {
        Self {
            fields: BTreeMap::from([
                (FormField::Name, FieldMode::Required),
                (FormField::Organisation, FieldMode::Optional),
                (FormField::Email, FieldMode::Required),
                (FormField::Phone, FieldMode::Optional),
                (FormField::Address, FieldMode::Required),
                (FormField::Windows, FieldMode::Optional),
                (FormField::Urgency, FieldMode::Optional),
                (FormField::Files, FieldMode::Optional),
            ]),
            service_types: ServiceType::ALL.to_vec(),
            texts: BTreeMap::new(),
            hosts: Vec::new(),
        }
    }
}

impl FormSettings {
    /// Whether the form has a field, and whether it is needed.
    pub fn mode(&self, field: FormField) -> FieldMode {
        self.fields.get(&field).copied().unwrap_or(FieldMode::Off)
    }

    /// The texts of a language, or of the first language that has any.
    pub fn texts(&self, locale: Locale) -> FormTexts {
        self.texts
            .get(locale.tag())
            .filter(|texts| !texts.title.is_empty())
            .or_else(|| self.texts.values().find(|texts| !texts.title.is_empty()))
            .cloned()
            .unwrap_or_default()
    }

    /// Checks what an administrator set and brings texts into the form in which they are kept.
    ///
    /// # Errors
    /// The fields that are wrong.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.service_types.is_empty() {
            errors.push(FieldError::new(
                "service_types",
                "required",
                "At least one kind of service is required.",
            ));
        }
        for (field, mode) in &self.fields {
            if *mode == FieldMode::Required && !field.can_be_required() {
                errors.push(FieldError::new(
                    field.name(),
                    "validation_failed",
                    "This field can be left out by whoever fills in the form.",
                ));
            }
        }
        let reachable = [FormField::Email, FormField::Phone]
            .iter()
            .any(|field| self.mode(*field) != FieldMode::Off);
        if !reachable {
            errors.push(FieldError::new(
                "email",
                "form_unreachable",
                "Ask for an e-mail address or a phone number, or nobody can be answered.",
            ));
        }
        self.texts.retain(|tag, _| Locale::from_tag(tag).is_some());
        for (tag, texts) in &mut self.texts {
            let parts: [(&str, &mut String, usize); 3] = [
                ("title", &mut texts.title, MOST_TITLE),
                ("intro", &mut texts.intro, MOST_TEXT),
                ("thanks", &mut texts.thanks, MOST_TEXT),
            ];
            for (name, text, most) in parts {
                match text::optional_paragraphs(text, most) {
                    Ok(checked) => *text = checked.unwrap_or_default(),
                    Err(error) => errors.push(FieldError::text(format!("{name}_{tag}"), error, most)),
                }
            }
        }
        if self.texts.values().all(|texts| texts.title.is_empty()) {
            errors.push(FieldError::new("title_en", "required", "A heading is required."));
        }
        if self.hosts.len() > MOST_HOSTS || !self.hosts.iter().all(|host| is_host(host)) {
            errors.push(FieldError::new(
                "hosts",
                "invalid_host",
                "Addresses such as https://www.example.org are required, one a line, at most 20.",
            ));
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// An origin that a page of the browser can have, in a form that cannot break out of the header that lists it.
pub fn is_host(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let labels = !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    labels && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// The part of a form's address that its owner chooses: small letters, digits and hyphens, 3 to 60 of them.
pub fn is_slug(text: &str) -> bool {
    (3..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> FormSettings {
        FormSettings {
            texts: BTreeMap::from([(
                "en".to_owned(),
                FormTexts {
                    title: "Service".to_owned(),
                    ..FormTexts::default()
                },
            )]),
            ..FormSettings::default()
        }
    }

    #[test]
    fn settings_that_make_no_form_are_refused() {
        assert!(sound().checked().is_ok());
        let wrong = |change: fn(&mut FormSettings)| {
            let mut settings = sound();
            change(&mut settings);
            settings.checked().expect_err("refused")[0].pointer.clone()
        };
        assert_eq!(wrong(|form| form.service_types.clear()), "service_types");
        assert_eq!(
            wrong(|form| {
                form.fields.remove(&FormField::Email);
                form.fields.remove(&FormField::Phone);
            }),
            "email"
        );
        assert_eq!(wrong(|form| form.texts.clear()), "title_en");
        assert_eq!(
            wrong(|form| {
                form.fields.insert(FormField::Files, FieldMode::Required);
            }),
            "files"
        );
        assert_eq!(wrong(|form| form.hosts.push("*".to_owned())), "hosts");
    }

    #[test]
    fn hosts_cannot_carry_a_policy_of_their_own() {
        for (text, sound) in [
            ("https://www.example.org", true),
            ("http://localhost:8080", true),
            ("https://example.org; script-src *", false),
            ("https://example.org/path", false),
            ("https://*.example.org", false),
            ("ftp://example.org", false),
            ("https://example.org:port", false),
            ("https://", false),
        ] {
            assert_eq!(is_host(text), sound, "{text}");
        }
    }

    #[test]
    fn slugs_are_plain() {
        for (text, sound) in [
            ("nordlicht-service", true),
            ("ab", false),
            ("-ab", false),
            ("Ab-c", false),
            ("a/b", false),
        ] {
            assert_eq!(is_slug(text), sound, "{text}");
        }
    }
}
