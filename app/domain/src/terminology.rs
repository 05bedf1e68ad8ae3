//! Terminology: a tenant's overrides of the built-in public texts. Missing overrides fall back to the built-in text;
//! [`Terminology::check`] reports overrides that may confuse customers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fields::{FieldCode, FieldError};
use crate::follow_ups::FollowUpStatus;
use crate::locale::Locale;
use crate::public_language::{self as built_in, Milestone, PublicStatus, PublicVisit};
use crate::requests::{RequestStatus, ServiceType};
use crate::story::RequestState;
use crate::text;

/// Maximum length of a custom label, in characters; labels are shown on badges.
pub const MAX_LABEL_CHARS: usize = 40;
/// Maximum length of a custom explanation, in characters.
pub const MAX_EXPLANATION_CHARS: usize = 300;

/// A public text that a tenant can override.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Status of a request.
    Request(RequestStatus),
    /// A request whose customer asked for another time.
    ChangeRequested,
    /// A completed request.
    RequestDone,
    /// Status of a visit.
    Visit(PublicVisit),
    /// Status of a follow-up.
    FollowUp(FollowUpStatus),
    /// Milestone on the timeline.
    Milestone(Milestone),
    /// Service type.
    Service(ServiceType),
}

/// A group of entries that appear together and therefore need distinct labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Request statuses.
    Request,
    /// Visit statuses.
    Visit,
    /// Follow-up statuses.
    FollowUp,
    /// Timeline milestones.
    Milestone,
    /// Service types.
    Service,
}

impl Family {
    /// All groups in display order.
    pub const ALL: [Self; 5] = [
        Self::Request,
        Self::Visit,
        Self::FollowUp,
        Self::Milestone,
        Self::Service,
    ];

    /// Returns the key prefix of its entries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Visit => "visit",
            Self::FollowUp => "follow_up",
            Self::Milestone => "milestone",
            Self::Service => "service",
        }
    }

    /// Returns whether its entries have an explanation besides the label.
    pub const fn is_explained(self) -> bool {
        matches!(self, Self::Request | Self::Visit)
    }

    /// Returns its entries in the order of the workflow.
    pub fn entries(self) -> Vec<Entry> {
        match self {
            Self::Request => RequestStatus::ALL
                .iter()
                .copied()
                .map(Entry::Request)
                .chain([Entry::ChangeRequested, Entry::RequestDone])
                .collect(),
            Self::Visit => PublicVisit::ALL.into_iter().map(Entry::Visit).collect(),
            Self::FollowUp => FollowUpStatus::ALL
                .iter()
                .copied()
                .filter(|status| *status != FollowUpStatus::Dismissed)
                .map(Entry::FollowUp)
                .collect(),
            Self::Milestone => Milestone::ALL
                .into_iter()
                .map(|(milestone, _)| Entry::Milestone(milestone))
                .collect(),
            Self::Service => ServiceType::ALL.iter().copied().map(Entry::Service).collect(),
        }
    }
}

impl Entry {
    /// Returns every entry.
    pub fn all() -> Vec<Self> {
        Family::ALL.into_iter().flat_map(Family::entries).collect()
    }

    /// Returns the group of the entry.
    pub const fn family(self) -> Family {
        match self {
            Self::Request(_) | Self::ChangeRequested | Self::RequestDone => Family::Request,
            Self::Visit(_) => Family::Visit,
            Self::FollowUp(_) => Family::FollowUp,
            Self::Milestone(_) => Family::Milestone,
            Self::Service(_) => Family::Service,
        }
    }

    /// Returns the stored key, such as `visit.on_the_way`.
    pub fn key(self) -> String {
        let name = match self {
            Self::Request(status) => status.name(),
            Self::ChangeRequested => "change_requested",
            Self::RequestDone => "done",
            Self::Visit(visit) => visit.name(),
            Self::FollowUp(status) => status.name(),
            Self::Milestone(milestone) => milestone.name(),
            Self::Service(service) => service.name(),
        };
        format!("{}.{name}", self.family().name())
    }

    /// Returns the built-in label and explanation; the explanation is empty for groups without one.
    pub fn built_in(self, locale: Locale) -> (String, String) {
        let status = match self {
            Self::Request(status) => built_in::request(status, locale),
            Self::ChangeRequested => built_in::change_requested(locale),
            Self::RequestDone => built_in::request_done(locale),
            Self::Visit(visit) => built_in::visit(visit, locale),
            Self::FollowUp(status) => match built_in::follow_up(status, locale) {
                Some(text) => return (text.label.into_owned(), String::new()),
                None => return Default::default(),
            },
            Self::Milestone(milestone) => return (built_in::milestone(milestone, locale).to_owned(), String::new()),
            Self::Service(service) => return (built_in::service_type(service, locale).to_owned(), String::new()),
        };
        (status.label.into_owned(), status.explanation.into_owned())
    }
}

/// A tenant's override of one entry; an empty text falls back to the built-in one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermOverride {
    /// Custom label.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// Custom explanation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
}

/// A tenant's overrides by locale tag and entry key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Terminology(BTreeMap<String, BTreeMap<String, TermOverride>>);

/// A problem that may confuse customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminologyIssue {
    /// The entry is overridden in some languages but not in this one.
    Missing {
        /// The affected entry.
        entry: Entry,
        /// The language without an override.
        locale: Locale,
    },
    /// Two entries of one group have the same label.
    Ambiguous {
        /// The affected language.
        locale: Locale,
        /// The earlier entry.
        first: Entry,
        /// The later entry.
        second: Entry,
        /// The shared label.
        label: String,
    },
}

impl Terminology {
    /// Returns the override of an entry, if there is one.
    pub fn override_for(&self, entry: Entry, locale: Locale) -> Option<&TermOverride> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(locale.tag())?.get(&entry.key())
    }

    /// Sets the override of an entry; an empty text removes it.
    pub fn set(&mut self, entry: Entry, locale: Locale, text: TermOverride) {
        let overrides = self.0.entry(locale.tag().to_owned()).or_default();
        if text == TermOverride::default() {
            overrides.remove(&entry.key());
        } else {
            overrides.insert(entry.key(), text);
        }
    }

    /// Applies the form input for one language to the current overrides. Field names are `label.` and `explanation.`
    /// followed by [`Entry::key`].
    ///
    /// # Errors
    /// Returns the fields with invalid text and labels that another entry of the same group already has.
    pub fn read(&self, locale: Locale, form_value: impl Fn(&str) -> String) -> Result<Self, Vec<FieldError>> {
        let mut updated = self.clone();
        let mut errors = Vec::new();
        for entry in Entry::all() {
            let mut read = |part: &str, max_chars: usize| {
                let field = format!("{part}.{}", entry.key());
                match text::optional_line(&form_value(&field), max_chars) {
                    Ok(text) => text.unwrap_or_default(),
                    Err(error) => {
                        errors.push(FieldError::text(field, error, max_chars));
                        String::new()
                    }
                }
            };
            let label = read("label", MAX_LABEL_CHARS);
            let explanation = if entry.family().is_explained() {
                read("explanation", MAX_EXPLANATION_CHARS)
            } else {
                String::new()
            };
            updated.set(entry, locale, TermOverride { label, explanation });
        }
        for finding in updated.check() {
            let TerminologyIssue::Ambiguous {
                locale: affected,
                first,
                second,
                ..
            } = finding
            else {
                continue;
            };
            if affected != locale {
                continue;
            }
            // Report the error on the entry that has a custom label, not on one with the built-in label.
            let has_label = |entry| {
                updated
                    .override_for(entry, locale)
                    .is_some_and(|own| !own.label.is_empty())
            };
            let entry = if has_label(second) { second } else { first };
            errors.push(FieldError::new(
                format!("label.{}", entry.key()),
                FieldCode::AmbiguousLabel,
            ));
        }
        if errors.is_empty() { Ok(updated) } else { Err(errors) }
    }

    /// Returns the label and explanation shown to customers.
    pub fn resolve(&self, entry: Entry, locale: Locale) -> (String, String) {
        let (label, explanation) = entry.built_in(locale);
        match self.override_for(entry, locale) {
            Some(own) => (
                Some(own.label.clone()).filter(|text| !text.is_empty()).unwrap_or(label),
                Some(own.explanation.clone())
                    .filter(|text| !text.is_empty())
                    .unwrap_or(explanation),
            ),
            None => (label, explanation),
        }
    }

    fn apply(&self, entry: Entry, locale: Locale, default: PublicStatus) -> PublicStatus {
        if self.override_for(entry, locale).is_none() {
            return default;
        }
        let (label, explanation) = self.resolve(entry, locale);
        PublicStatus {
            label: label.into(),
            explanation: explanation.into(),
            tone: default.tone,
        }
    }

    /// Returns the public status of a request.
    pub fn request(&self, status: RequestStatus, locale: Locale) -> PublicStatus {
        self.apply(Entry::Request(status), locale, built_in::request(status, locale))
    }

    /// Returns the state that a request shows.
    pub fn request_state(&self, state: RequestState, locale: Locale) -> PublicStatus {
        match state {
            RequestState::Status(status) => self.request(status, locale),
            RequestState::ChangeRequested => {
                self.apply(Entry::ChangeRequested, locale, built_in::change_requested(locale))
            }
            RequestState::Visit(visit) => self.visit(visit, locale),
            RequestState::Done => self.apply(Entry::RequestDone, locale, built_in::request_done(locale)),
        }
    }

    /// Returns the public status of a visit.
    pub fn visit(&self, visit: PublicVisit, locale: Locale) -> PublicStatus {
        self.apply(Entry::Visit(visit), locale, built_in::visit(visit, locale))
    }

    /// Returns the public status of a follow-up; `None` for a dismissed one, which customers do not see.
    pub fn follow_up(&self, status: FollowUpStatus, locale: Locale) -> Option<PublicStatus> {
        let default = built_in::follow_up(status, locale)?;
        Some(match self.override_for(Entry::FollowUp(status), locale) {
            Some(own) if !own.label.is_empty() => PublicStatus {
                label: own.label.clone().into(),
                ..default
            },
            _ => default,
        })
    }

    /// Returns the label of a milestone.
    pub fn milestone(&self, milestone: Milestone, locale: Locale) -> String {
        self.resolve(Entry::Milestone(milestone), locale).0
    }

    /// Returns the label of a service type.
    pub fn service_type(&self, service: ServiceType, locale: Locale) -> String {
        self.resolve(Entry::Service(service), locale).0
    }

    /// Returns overrides that may confuse customers: labels that are not unique in their group, and entries that are
    /// overridden in some languages only.
    pub fn check(&self) -> Vec<TerminologyIssue> {
        let mut findings = Vec::new();
        for locale in Locale::ALL {
            for family in Family::ALL {
                let mut seen: Vec<(String, Entry)> = Vec::new();
                for entry in family.entries() {
                    let (label, _) = self.resolve(entry, locale);
                    let folded = text::name_for_comparison(&label);
                    match seen.iter().find(|(other, _)| *other == folded) {
                        Some((_, first)) => findings.push(TerminologyIssue::Ambiguous {
                            locale,
                            first: *first,
                            second: entry,
                            label,
                        }),
                        None => seen.push((folded, entry)),
                    }
                }
            }
        }
        for entry in Entry::all() {
            let has_override = |locale| self.override_for(entry, locale).is_some();
            if Locale::ALL.into_iter().any(has_override) {
                let missing = Locale::ALL.into_iter().filter(|locale| !has_override(*locale));
                findings.extend(missing.map(|locale| TerminologyIssue::Missing { entry, locale }));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(text: &str) -> TermOverride {
        TermOverride {
            label: text.to_owned(),
            explanation: String::new(),
        }
    }

    #[test]
    fn entry_without_override_uses_built_in_text() {
        let mut terminology = Terminology::default();
        assert_eq!(terminology.check(), Vec::new());
        terminology.set(Entry::Visit(PublicVisit::OnTheWay), Locale::De, label("Wir kommen"));
        let status = terminology.visit(PublicVisit::OnTheWay, Locale::De);
        assert_eq!(status.label, "Wir kommen");
        assert_eq!(
            status.explanation,
            built_in::visit(PublicVisit::OnTheWay, Locale::De).explanation
        );
        assert_eq!(terminology.visit(PublicVisit::OnTheWay, Locale::En).label, "On the way");
        assert_eq!(terminology.visit(PublicVisit::Planned, Locale::De).label, "Geplant");
        terminology.set(Entry::Visit(PublicVisit::OnTheWay), Locale::De, TermOverride::default());
        assert_eq!(
            terminology.override_for(Entry::Visit(PublicVisit::OnTheWay), Locale::De),
            None
        );
        assert_eq!(terminology.check(), Vec::new());
    }

    #[test]
    fn check_reports_missing_locales_and_duplicate_labels() {
        let mut terminology = Terminology::default();
        terminology.set(Entry::Request(RequestStatus::Planned), Locale::En, label(" ACCEPTED "));
        assert_eq!(
            terminology.check(),
            [
                TerminologyIssue::Ambiguous {
                    locale: Locale::En,
                    first: Entry::Request(RequestStatus::Accepted),
                    second: Entry::Request(RequestStatus::Planned),
                    label: " ACCEPTED ".to_owned(),
                },
                TerminologyIssue::Missing {
                    entry: Entry::Request(RequestStatus::Planned),
                    locale: Locale::De,
                },
                TerminologyIssue::Missing {
                    entry: Entry::Request(RequestStatus::Planned),
                    locale: Locale::Ar,
                },
            ]
        );
    }

    #[test]
    fn form_input_is_parsed_or_rejected_per_field() {
        let read = |typed: &[(&str, &str)]| {
            Terminology::default().read(Locale::En, |field| {
                let found = typed.iter().find(|(name, _)| *name == field);
                found.map_or_else(String::new, |(_, text)| (*text).to_owned())
            })
        };
        let terminology =
            read(&[("label.service.repair", " Mending "), ("label.service.nothing", "x")]).expect("labels are valid");
        assert_eq!(terminology.service_type(ServiceType::Repair, Locale::En), "Mending");
        assert_eq!(terminology.service_type(ServiceType::Repair, Locale::De), "Reparatur");
        let long = "x".repeat(MAX_LABEL_CHARS + 1);
        for (typed, field, code) in [
            (
                vec![("label.visit.moved", long.as_str())],
                "label.visit.moved",
                "value_too_long",
            ),
            (
                vec![("label.visit.moved", "a\u{202e}b")],
                "label.visit.moved",
                "invalid_character",
            ),
            (
                vec![("label.request.accepted", "planned")],
                "label.request.accepted",
                "ambiguous_word",
            ),
            // A custom explanation does not count as a custom label; the error belongs to the field with the label.
            (
                vec![
                    ("label.request.accepted", "Planned"),
                    ("explanation.request.planned", "We come."),
                ],
                "label.request.accepted",
                "ambiguous_word",
            ),
        ] {
            let errors = read(&typed).expect_err("input is rejected");
            assert_eq!(errors.len(), 1);
            assert_eq!((errors[0].pointer.as_str(), errors[0].code.code()), (field, code));
        }
    }

    #[test]
    fn entries_have_unique_keys_and_built_in_texts() {
        let mut keys: Vec<_> = Entry::all().into_iter().map(Entry::key).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
        for entry in Entry::all() {
            for locale in Locale::ALL {
                let (label, explanation) = entry.built_in(locale);
                assert!(!label.is_empty() && label.chars().count() <= MAX_LABEL_CHARS, "{label}");
                assert_eq!(
                    explanation.is_empty(),
                    !entry.family().is_explained(),
                    "{}",
                    entry.key()
                );
            }
        }
    }

    proptest! {
        /// For arbitrary overrides, serialization round-trips and no entry ends up without a label.
        #[test]
        fn every_entry_always_has_a_label(texts in proptest::collection::vec((0..40_usize, 0..3_usize, ".{0,12}", ".{0,12}"), 0..30)) {
            let mut terminology = Terminology::default();
            let entries = Entry::all();
            for (entry, locale, label, explanation) in texts {
                terminology.set(entries[entry % entries.len()], Locale::ALL[locale], TermOverride { label, explanation });
            }
            let text = serde_json::to_string(&terminology).expect("terminology serializes");
            let stored: Terminology = serde_json::from_str(&text).expect("terminology deserializes");
            prop_assert_eq!(&stored, &terminology);
            for entry in entries {
                for locale in Locale::ALL {
                    prop_assert!(!terminology.resolve(entry, locale).0.is_empty());
                }
            }
        }
    }
}
