//! A tenant's own words on top of the built-in public dictionary: what is not there is said as it is built in, so nothing
//! can be missing on a page. What may confuse a customer is found by [`OwnWords::check`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;
use crate::follow_ups::FollowUpStatus;
use crate::locale::Locale;
use crate::public_language::{self as built_in, Milestone, PublicStatus, PublicVisit};
use crate::requests::{RequestStatus, ServiceType};
use crate::text;

/// The longest own word, in characters: it stands on a chip.
pub const MOST_LABEL: usize = 40;
/// The longest own explanation, in characters.
pub const MOST_EXPLANATION: usize = 300;

/// One entry of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A state of a request.
    Request(RequestStatus),
    /// A state of a visit.
    Visit(PublicVisit),
    /// A state of a follow-up.
    FollowUp(FollowUpStatus),
    /// A milestone of the timeline.
    Milestone(Milestone),
    /// A service type.
    Service(ServiceType),
}

/// Entries that stand side by side, so that their words must differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// States of requests.
    Request,
    /// States of visits.
    Visit,
    /// States of follow-ups.
    FollowUp,
    /// Milestones.
    Milestone,
    /// Service types.
    Service,
}

impl Family {
    /// All families, in the order of the page.
    pub const ALL: [Self; 5] = [
        Self::Request,
        Self::Visit,
        Self::FollowUp,
        Self::Milestone,
        Self::Service,
    ];

    /// The first part of its entries' keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Visit => "visit",
            Self::FollowUp => "follow_up",
            Self::Milestone => "milestone",
            Self::Service => "service",
        }
    }

    /// Whether its entries have an explanation beside their word.
    pub const fn is_explained(self) -> bool {
        matches!(self, Self::Request | Self::Visit)
    }

    /// Its entries, in the order in which customers meet them.
    pub fn entries(self) -> Vec<Entry> {
        match self {
            Self::Request => RequestStatus::ALL.iter().copied().map(Entry::Request).collect(),
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
    /// Every entry.
    pub fn all() -> Vec<Self> {
        Family::ALL.into_iter().flat_map(Family::entries).collect()
    }

    /// The family.
    pub const fn family(self) -> Family {
        match self {
            Self::Request(_) => Family::Request,
            Self::Visit(_) => Family::Visit,
            Self::FollowUp(_) => Family::FollowUp,
            Self::Milestone(_) => Family::Milestone,
            Self::Service(_) => Family::Service,
        }
    }

    /// The stored name, such as `visit.on_the_way`.
    pub fn key(self) -> String {
        let name = match self {
            Self::Request(status) => status.name(),
            Self::Visit(visit) => visit.name(),
            Self::FollowUp(status) => status.name(),
            Self::Milestone(milestone) => milestone.name(),
            Self::Service(service) => service.name(),
        };
        format!("{}.{name}", self.family().name())
    }

    /// The built-in word and explanation; the latter is empty where there is none.
    pub fn built_in(self, locale: Locale) -> (String, String) {
        let status = match self {
            Self::Request(status) => built_in::request(status, locale),
            Self::Visit(visit) => built_in::visit(visit, locale),
            Self::FollowUp(status) => match built_in::follow_up(status, locale) {
                Some(words) => return (words.label.into_owned(), String::new()),
                None => return Default::default(),
            },
            Self::Milestone(milestone) => return (built_in::milestone(milestone, locale).to_owned(), String::new()),
            Self::Service(service) => return (built_in::service_type(service, locale).to_owned(), String::new()),
        };
        (status.label.into_owned(), status.explanation.into_owned())
    }
}

/// What a tenant says instead; an empty text is said as it is built in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnText {
    /// The word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub label: String,
    /// The sentence that explains it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
}

/// A tenant's own words: by language, then by the key of the entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OwnWords(BTreeMap<String, BTreeMap<String, OwnText>>);

/// What may confuse a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Said in own words in another language, and as it is built in here.
    Missing {
        /// The entry.
        entry: Entry,
        /// The language without own words.
        locale: Locale,
    },
    /// Two entries that stand side by side have the same word.
    Ambiguous {
        /// The language.
        locale: Locale,
        /// The earlier one.
        first: Entry,
        /// The later one.
        second: Entry,
        /// The word of both.
        label: String,
    },
}

impl OwnWords {
    /// The own text of an entry, if there is one.
    pub fn own(&self, entry: Entry, locale: Locale) -> Option<&OwnText> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(locale.tag())?.get(&entry.key())
    }

    /// Puts a text in place of the built-in one; an empty one is taken out again.
    pub fn set(&mut self, entry: Entry, locale: Locale, text: OwnText) {
        let words = self.0.entry(locale.tag().to_owned()).or_default();
        if text == OwnText::default() {
            words.remove(&entry.key());
        } else {
            words.insert(entry.key(), text);
        }
    }

    /// Reads what was typed for the words of one language, on top of what there is. Fields are `label.` and `explanation.`
    /// with [`Entry::key`].
    ///
    /// # Errors
    /// A field that is too long or has characters that are not allowed, and a word that another entry beside it has too.
    pub fn read(&self, locale: Locale, typed: impl Fn(&str) -> String) -> Result<Self, Vec<FieldError>> {
        let mut words = self.clone();
        let mut errors = Vec::new();
        for entry in Entry::all() {
            let mut read = |part: &str, most: usize| {
                let field = format!("{part}.{}", entry.key());
                match text::optional_line(&typed(&field), most) {
                    Ok(text) => text.unwrap_or_default(),
                    Err(error) => {
                        errors.push(FieldError::text(field, error, most));
                        String::new()
                    }
                }
            };
            let label = read("label", MOST_LABEL);
            let explanation = if entry.family().is_explained() {
                read("explanation", MOST_EXPLANATION)
            } else {
                String::new()
            };
            words.set(entry, locale, OwnText { label, explanation });
        }
        for finding in words.check() {
            let Finding::Ambiguous {
                locale: found,
                first,
                second,
                ..
            } = finding
            else {
                continue;
            };
            if found != locale {
                continue;
            }
            // The mistake is where the own word is.
            let has_word = |entry| words.own(entry, locale).is_some_and(|own| !own.label.is_empty());
            let entry = if has_word(second) { second } else { first };
            errors.push(FieldError::new(
                format!("label.{}", entry.key()),
                "ambiguous_word",
                "Another entry beside it has the same word; a customer could not tell them apart.",
            ));
        }
        if errors.is_empty() { Ok(words) } else { Err(errors) }
    }

    /// Word and explanation as customers read them.
    pub fn said(&self, entry: Entry, locale: Locale) -> (String, String) {
        let (label, explanation) = entry.built_in(locale);
        match self.own(entry, locale) {
            Some(own) => (
                Some(own.label.clone()).filter(|text| !text.is_empty()).unwrap_or(label),
                Some(own.explanation.clone())
                    .filter(|text| !text.is_empty())
                    .unwrap_or(explanation),
            ),
            None => (label, explanation),
        }
    }

    fn over(&self, entry: Entry, locale: Locale, words: PublicStatus) -> PublicStatus {
        if self.own(entry, locale).is_none() {
            return words;
        }
        let (label, explanation) = self.said(entry, locale);
        PublicStatus {
            label: label.into(),
            explanation: explanation.into(),
            tone: words.tone,
        }
    }

    /// The words for a request.
    pub fn request(&self, status: RequestStatus, locale: Locale) -> PublicStatus {
        self.over(Entry::Request(status), locale, built_in::request(status, locale))
    }

    /// The words for a visit.
    pub fn visit(&self, visit: PublicVisit, locale: Locale) -> PublicStatus {
        self.over(Entry::Visit(visit), locale, built_in::visit(visit, locale))
    }

    /// The words for a follow-up; a dismissed one is not shown at all.
    pub fn follow_up(&self, status: FollowUpStatus, locale: Locale) -> Option<PublicStatus> {
        let words = built_in::follow_up(status, locale)?;
        Some(match self.own(Entry::FollowUp(status), locale) {
            Some(own) if !own.label.is_empty() => PublicStatus {
                label: own.label.clone().into(),
                ..words
            },
            _ => words,
        })
    }

    /// The words for a milestone.
    pub fn milestone(&self, milestone: Milestone, locale: Locale) -> String {
        self.said(Entry::Milestone(milestone), locale).0
    }

    /// The name of a service type.
    pub fn service_type(&self, service: ServiceType, locale: Locale) -> String {
        self.said(Entry::Service(service), locale).0
    }

    /// What may confuse a customer: a word in one language only, and the same word for two things that stand side by side.
    pub fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for locale in Locale::ALL {
            for family in Family::ALL {
                let mut seen: Vec<(String, Entry)> = Vec::new();
                for entry in family.entries() {
                    let (label, _) = self.said(entry, locale);
                    let folded = text::name_for_comparison(&label);
                    match seen.iter().find(|(other, _)| *other == folded) {
                        Some((_, first)) => findings.push(Finding::Ambiguous {
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
            let has = |locale| self.own(entry, locale).is_some();
            if Locale::ALL.into_iter().any(has) {
                let lacking = Locale::ALL.into_iter().filter(|locale| !has(*locale));
                findings.extend(lacking.map(|locale| Finding::Missing { entry, locale }));
            }
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn label(text: &str) -> OwnText {
        OwnText {
            label: text.to_owned(),
            explanation: String::new(),
        }
    }

    #[test]
    fn what_is_not_said_otherwise_is_said_as_built_in() {
        let mut words = OwnWords::default();
        assert_eq!(words.check(), Vec::new());
        words.set(Entry::Visit(PublicVisit::OnTheWay), Locale::De, label("Wir kommen"));
        let said = words.visit(PublicVisit::OnTheWay, Locale::De);
        assert_eq!(said.label, "Wir kommen");
        assert_eq!(
            said.explanation,
            built_in::visit(PublicVisit::OnTheWay, Locale::De).explanation
        );
        assert_eq!(words.visit(PublicVisit::OnTheWay, Locale::En).label, "On the way");
        assert_eq!(words.visit(PublicVisit::Planned, Locale::De).label, "Geplant");
        words.set(Entry::Visit(PublicVisit::OnTheWay), Locale::De, OwnText::default());
        assert_eq!(words.own(Entry::Visit(PublicVisit::OnTheWay), Locale::De), None);
        assert_eq!(words.check(), Vec::new());
    }

    #[test]
    fn a_word_in_one_language_only_and_one_for_two_things_are_found() {
        let mut words = OwnWords::default();
        words.set(Entry::Request(RequestStatus::Planned), Locale::En, label(" ACCEPTED "));
        assert_eq!(
            words.check(),
            [
                Finding::Ambiguous {
                    locale: Locale::En,
                    first: Entry::Request(RequestStatus::Accepted),
                    second: Entry::Request(RequestStatus::Planned),
                    label: " ACCEPTED ".to_owned(),
                },
                Finding::Missing {
                    entry: Entry::Request(RequestStatus::Planned),
                    locale: Locale::De,
                },
                Finding::Missing {
                    entry: Entry::Request(RequestStatus::Planned),
                    locale: Locale::Ar,
                },
            ]
        );
    }

    #[test]
    fn what_is_typed_is_read_or_refused_at_its_field() {
        let read = |typed: &[(&str, &str)]| {
            OwnWords::default().read(Locale::En, |field| {
                let found = typed.iter().find(|(name, _)| *name == field);
                found.map_or_else(String::new, |(_, text)| (*text).to_owned())
            })
        };
        let words = read(&[("label.service.repair", " Mending "), ("label.service.nothing", "x")]).expect("allowed");
        assert_eq!(words.service_type(ServiceType::Repair, Locale::En), "Mending");
        assert_eq!(words.service_type(ServiceType::Repair, Locale::De), "Reparatur");
        let long = "x".repeat(MOST_LABEL + 1);
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
            // An own explanation is no own word: the mistake is where the word was typed.
            (
                vec![
                    ("label.request.accepted", "Planned"),
                    ("explanation.request.planned", "We come."),
                ],
                "label.request.accepted",
                "ambiguous_word",
            ),
        ] {
            let errors = read(&typed).expect_err("refused");
            assert_eq!(errors.len(), 1);
            assert_eq!((errors[0].pointer.as_str(), errors[0].code.as_str()), (field, code));
        }
    }

    #[test]
    fn every_entry_has_a_key_of_its_own_and_words() {
        let mut keys: Vec<_> = Entry::all().into_iter().map(Entry::key).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
        for entry in Entry::all() {
            for locale in Locale::ALL {
                let (label, explanation) = entry.built_in(locale);
                assert!(!label.is_empty() && label.chars().count() <= MOST_LABEL, "{label}");
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
        /// However odd the words are: what is stored is what is read, and no entry is ever without a word.
        #[test]
        fn nothing_is_ever_without_a_word(texts in proptest::collection::vec((0..40_usize, 0..3_usize, ".{0,12}", ".{0,12}"), 0..30)) {
            let mut words = OwnWords::default();
            let entries = Entry::all();
            for (entry, locale, label, explanation) in texts {
                words.set(entries[entry % entries.len()], Locale::ALL[locale], OwnText { label, explanation });
            }
            let text = serde_json::to_string(&words).expect("writes");
            let stored: OwnWords = serde_json::from_str(&text).expect("reads");
            prop_assert_eq!(&stored, &words);
            for entry in entries {
                for locale in Locale::ALL {
                    prop_assert!(!words.said(entry, locale).0.is_empty());
                }
            }
        }
    }
}
