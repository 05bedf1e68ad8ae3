//! Settings of public forms: fields, texts, and sites that may embed them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fields::{FieldCode, FieldError};
use crate::locale::Locale;
use crate::requests::ServiceType;
use crate::text;

/// Maximum length of a form title, in characters.
pub const MAX_TITLE_CHARS: usize = 120;
/// Maximum length of other form texts, in characters.
pub const MAX_TEXT_CHARS: usize = 1_000;
/// Maximum number of sites that may embed a form.
pub const MAX_HOSTS: usize = 20;

crate::stored_names! {
    /// A configurable field of a form. Service type and description are always present.
    FormField {
        /// Name of the requester.
        Name = "name",
        /// Organization of the requester.
        Organisation = "organisation",
        /// Email address of the requester.
        Email = "email",
        /// Phone number of the requester.
        Phone = "phone",
        /// Address of the location.
        Address = "address",
        /// Preferred days.
        Windows = "windows",
        /// Urgency checkbox.
        Urgency = "urgency",
        /// Photos and documents.
        Files = "files",
    }
}

impl FormField {
    /// Returns whether the field can be required. An unchecked box is a valid answer, and file uploads need JavaScript
    /// on some devices.
    pub const fn can_be_required(self) -> bool {
        !matches!(self, Self::Urgency | Self::Files)
    }
}

crate::stored_names! {
    /// Visibility of a form field.
    FieldMode {
        /// Hidden.
        Off = "off",
        /// Shown; may be left empty.
        Optional = "optional",
        /// Shown; must be filled in.
        Required = "required",
    }
}

/// Texts of a form in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormTexts {
    /// Title.
    pub title: String,
    /// Introduction below the title.
    pub intro: String,
    /// Message on the tracking page after submission.
    pub thanks: String,
}

/// Settings of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormSettings {
    /// Fields by mode; unlisted fields are off.
    pub fields: BTreeMap<FormField, FieldMode>,
    /// Selectable service types.
    pub service_types: Vec<ServiceType>,
    /// Texts by language tag. Languages without a title are not offered.
    pub texts: BTreeMap<String, FormTexts>,
    /// Origins that may embed the form in a frame.
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
    /// Returns the mode of a field.
    pub fn mode(&self, field: FormField) -> FieldMode {
        self.fields.get(&field).copied().unwrap_or(FieldMode::Off)
    }

    /// Returns the texts of a language, or of the first language that has any.
    pub fn texts(&self, locale: Locale) -> FormTexts {
        self.texts
            .get(locale.tag())
            .filter(|texts| !texts.title.is_empty())
            .or_else(|| self.texts.values().find(|texts| !texts.title.is_empty()))
            .cloned()
            .unwrap_or_default()
    }

    /// Validates the settings and normalizes texts.
    ///
    /// # Errors
    /// All invalid fields.
    pub fn checked(mut self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if self.service_types.is_empty() {
            errors.push(FieldError::new("service_types", FieldCode::Required));
        }
        for (field, mode) in &self.fields {
            if *mode == FieldMode::Required && !field.can_be_required() {
                errors.push(FieldError::new(field.name(), FieldCode::CannotBeRequired));
            }
        }
        let is_reachable = [FormField::Email, FormField::Phone]
            .iter()
            .any(|field| self.mode(*field) != FieldMode::Off);
        if !is_reachable {
            errors.push(FieldError::new("email", FieldCode::FormUnreachable));
        }
        self.texts.retain(|tag, _| Locale::from_tag(tag).is_some());
        for (tag, texts) in &mut self.texts {
            let parts: [(&str, &mut String, usize); 3] = [
                ("title", &mut texts.title, MAX_TITLE_CHARS),
                ("intro", &mut texts.intro, MAX_TEXT_CHARS),
                ("thanks", &mut texts.thanks, MAX_TEXT_CHARS),
            ];
            for (name, text, max_chars) in parts {
                match text::optional_paragraphs(text, max_chars) {
                    Ok(checked) => *text = checked.unwrap_or_default(),
                    Err(error) => errors.push(FieldError::text(format!("{name}_{tag}"), error, max_chars)),
                }
            }
        }
        if self.texts.values().all(|texts| texts.title.is_empty()) {
            errors.push(FieldError::new("title_en", FieldCode::Required));
        }
        if self.hosts.len() > MAX_HOSTS || !self.hosts.iter().all(|host| is_host(host)) {
            errors.push(FieldError::new("hosts", FieldCode::InvalidHost { max: 20 }));
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// Returns whether a text is a web origin that is safe to list in a `frame-ancestors` policy.
pub fn is_host(text: &str) -> bool {
    let Some(host) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else {
        return false;
    };
    let (name, port) = host
        .split_once(':')
        .map_or((host, None), |(name, port)| (name, Some(port)));
    let has_valid_name = !name.is_empty()
        && name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        });
    has_valid_name && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// Returns whether a text is a valid form slug: 3 to 60 lowercase letters, digits and inner hyphens.
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

    fn valid_settings() -> FormSettings {
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
    fn checked_rejects_unusable_settings() {
        assert!(valid_settings().checked().is_ok());
        let rejected_field = |change: fn(&mut FormSettings)| {
            let mut settings = valid_settings();
            change(&mut settings);
            settings.checked().expect_err("settings are invalid")[0].pointer.clone()
        };
        assert_eq!(rejected_field(|form| form.service_types.clear()), "service_types");
        assert_eq!(
            rejected_field(|form| {
                form.fields.remove(&FormField::Email);
                form.fields.remove(&FormField::Phone);
            }),
            "email"
        );
        assert_eq!(rejected_field(|form| form.texts.clear()), "title_en");
        assert_eq!(
            rejected_field(|form| {
                form.fields.insert(FormField::Files, FieldMode::Required);
            }),
            "files"
        );
        assert_eq!(rejected_field(|form| form.hosts.push("*".to_owned())), "hosts");
    }

    #[test]
    fn is_host_accepts_plain_origins_only() {
        for (text, expected) in [
            ("https://www.example.org", true),
            ("http://localhost:8080", true),
            ("https://example.org; script-src *", false),
            ("https://example.org/path", false),
            ("https://*.example.org", false),
            ("ftp://example.org", false),
            ("https://example.org:port", false),
            ("https://", false),
        ] {
            assert_eq!(is_host(text), expected, "{text}");
        }
    }

    #[test]
    fn is_slug_accepts_lowercase_letters_digits_and_inner_hyphens() {
        for (text, expected) in [
            ("nordlicht-service", true),
            ("ab", false),
            ("-ab", false),
            ("Ab-c", false),
            ("a/b", false),
        ] {
            assert_eq!(is_slug(text), expected, "{text}");
        }
    }
}
