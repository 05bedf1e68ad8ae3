//! Classification rules for incoming requests. For each field that rules can set, the first matching rule in the
//! tenant's order applies, and the result records the rule and why it matched.

use serde::{Deserialize, Serialize};

use crate::fields::{FieldCode, FieldError};
use crate::ids::{FormId, RuleId};
use crate::requests::{Channel, Priority, ServiceType};
use crate::text;

/// Maximum number of words, and of postal codes, per rule.
pub const MAX_ENTRIES: usize = 50;
/// Maximum length of a word, phrase or postal code entry, in characters.
pub const MAX_WORD_CHARS: usize = 60;
/// Maximum length of a region or use case, in characters.
pub const MAX_NAME_CHARS: usize = 60;

/// Conditions of a rule. Every non-empty list must match; a rule without conditions always matches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// Channels of the request.
    pub channels: Vec<Channel>,
    /// Public forms.
    pub forms: Vec<FormId>,
    /// Requested service types.
    pub service_types: Vec<ServiceType>,
    /// Word prefixes in the description; with a leading `*`, any part of it.
    pub words: Vec<String>,
    /// Postal code prefixes such as `45`, or ranges such as `45000-45359`.
    pub postal_codes: Vec<String>,
}

/// Values that a rule sets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// Use case, as named by the tenant.
    pub use_case: Option<String>,
    /// Region, as named by the tenant.
    pub region: Option<String>,
    /// Service type that replaces the selected one.
    pub service_type: Option<ServiceType>,
    /// Priority that replaces the requested one.
    pub priority: Option<Priority>,
}

/// A classification rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Identifier.
    pub id: RuleId,
    /// Display name.
    pub name: String,
    /// When the rule matches.
    pub conditions: Conditions,
    /// What the rule sets.
    pub outcome: Outcome,
}

/// Properties of a request that rules can match.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// Channel of the request.
    pub channel: Channel,
    /// Public form, if one was used.
    pub form: Option<FormId>,
    /// Selected service type.
    pub service_type: ServiceType,
    /// Description text.
    pub description: &'a str,
    /// Postal code of the location.
    pub postal_code: Option<&'a str>,
}

crate::stored_names! {
    /// Field that a rule can set.
    ClassifiedField {
        /// Use case.
        UseCase = "use_case",
        /// Region.
        Region = "region",
        /// Service type.
        ServiceType = "service_type",
        /// Priority.
        Priority = "priority",
    }
}

/// Reason why a rule matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum MatchReason {
    /// The channel is listed.
    Channel(Channel),
    /// The public form is listed.
    Form(FormId),
    /// The selected service type is listed.
    ServiceType(ServiceType),
    /// The description contains this word of the rule.
    Word(String),
    /// The postal code matches this entry of the rule.
    PostalCode(String),
    /// The rule has no conditions.
    Always,
}

/// A value set by a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedValue {
    /// Field that was set.
    pub field: ClassifiedField,
    /// Value of the field.
    pub value: String,
    /// Rule that set it.
    pub rule: RuleId,
    /// Name of the rule at that time.
    pub rule_name: String,
    /// Why the rule matched.
    pub because: Vec<MatchReason>,
}

/// Result of classifying a request, with the values that rules replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classification {
    /// Values set by rules, at most one per field.
    pub decided: Vec<AppliedValue>,
    /// Originally selected service type, if a rule replaced it.
    pub chosen_service_type: Option<ServiceType>,
    /// Originally requested priority, if a rule replaced it.
    pub chosen_priority: Option<Priority>,
}

impl Classification {
    /// Returns the entry of a field.
    pub fn of(&self, field: ClassifiedField) -> Option<&AppliedValue> {
        self.decided.iter().find(|decided| decided.field == field)
    }

    /// Returns the value of a field.
    pub fn value(&self, field: ClassifiedField) -> Option<&str> {
        self.of(field).map(|decided| decided.value.as_str())
    }

    /// Returns the service type set by the rules.
    pub fn service_type(&self) -> Option<ServiceType> {
        self.value(ClassifiedField::ServiceType)
            .and_then(ServiceType::from_name)
    }

    /// Returns the priority set by the rules.
    pub fn priority(&self) -> Option<Priority> {
        self.value(ClassifiedField::Priority).and_then(Priority::from_name)
    }
}

impl Channel {
    /// Returns whether rules may replace the service type and priority. Values from partner systems and staff are kept;
    /// for those channels, rules only add a region and a use case.
    pub const fn allows_rule_overrides(self) -> bool {
        !matches!(self, Self::Api | Self::Staff)
    }
}

impl Conditions {
    /// Returns the reasons why the rule matches, or `None` if it does not.
    pub fn match_reasons(&self, facts: &RequestFacts<'_>) -> Option<Vec<MatchReason>> {
        let mut because = Vec::new();
        if !self.channels.is_empty() {
            because.push(MatchReason::Channel(
                *self.channels.iter().find(|one| **one == facts.channel)?,
            ));
        }
        if !self.forms.is_empty() {
            because.push(MatchReason::Form(
                *self.forms.iter().find(|one| Some(**one) == facts.form)?,
            ));
        }
        if !self.service_types.is_empty() {
            let found = self.service_types.iter().find(|one| **one == facts.service_type)?;
            because.push(MatchReason::ServiceType(*found));
        }
        if !self.words.is_empty() {
            let text = normalize_words(facts.description);
            let found = self.words.iter().find(|word| contains_word(&text, word))?;
            because.push(MatchReason::Word(found.clone()));
        }
        if !self.postal_codes.is_empty() {
            let code = facts.postal_code?;
            let found = self
                .postal_codes
                .iter()
                .find(|entry| postal_entry_matches(entry, code))?;
            because.push(MatchReason::PostalCode(found.clone()));
        }
        if because.is_empty() {
            because.push(MatchReason::Always);
        }
        Some(because)
    }
}

/// Normalizes a text to its words, separated and enclosed by single spaces.
fn normalize_words(text: &str) -> String {
    let spaced: String = text::name_for_comparison(text)
        .chars()
        .map(|character| if character.is_alphanumeric() { character } else { ' ' })
        .collect();
    let mut words = String::from(" ");
    for word in spaced.split_whitespace() {
        words.push_str(word);
        words.push(' ');
    }
    words
}

/// Returns whether a normalized text contains a word of a rule.
fn contains_word(text: &str, word: &str) -> bool {
    let (matches_anywhere, word) = word.strip_prefix('*').map_or((false, word), |rest| (true, rest));
    let pattern = normalize_words(word);
    let pattern = pattern.trim();
    if pattern.is_empty() {
        return false;
    }
    if matches_anywhere {
        text.contains(pattern)
    } else {
        text.contains(&format!(" {pattern}"))
    }
}

/// Returns whether a postal code prefix or range matches a postal code.
fn postal_entry_matches(entry: &str, code: &str) -> bool {
    let normalize = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_uppercase())
            .collect()
    };
    let code = normalize(code);
    match entry.split_once('-') {
        // Codes of equal length compare in numeric order, even if they contain letters.
        Some((from, to)) => {
            let (from, to) = (normalize(from), normalize(to));
            code.len() == from.len() && (from..=to).contains(&code)
        }
        None => code.starts_with(&normalize(entry)),
    }
}

/// Classifies a request. Conditions are evaluated against the submitted values, never against values set by other
/// rules, so the order matters only for rules that set the same field.
pub fn classify(rules: &[Rule], facts: &RequestFacts<'_>, priority: Priority) -> Classification {
    let mut result = Classification::default();
    for rule in rules {
        let Some(because) = rule.conditions.match_reasons(facts) else {
            continue;
        };
        let may_replace = facts.channel.allows_rule_overrides();
        let outcome = &rule.outcome;
        let values = [
            (ClassifiedField::UseCase, outcome.use_case.clone()),
            (ClassifiedField::Region, outcome.region.clone()),
            (
                ClassifiedField::ServiceType,
                outcome
                    .service_type
                    .filter(|_| may_replace)
                    .map(|value| value.name().to_owned()),
            ),
            (
                ClassifiedField::Priority,
                outcome
                    .priority
                    .filter(|_| may_replace)
                    .map(|value| value.name().to_owned()),
            ),
        ];
        for (field, value) in values {
            let Some(value) = value.filter(|_| result.of(field).is_none()) else {
                continue;
            };
            result.decided.push(AppliedValue {
                field,
                value,
                rule: rule.id,
                rule_name: rule.name.clone(),
                because: because.clone(),
            });
        }
    }
    let selected = facts.service_type;
    result.chosen_service_type = result
        .service_type()
        .filter(|decided| *decided != selected)
        .map(|_| selected);
    result.chosen_priority = result
        .priority()
        .filter(|decided| *decided != priority)
        .map(|_| priority);
    result
}

/// Validates and normalizes a rule.
///
/// # Errors
/// All invalid fields.
pub fn checked(mut conditions: Conditions, mut outcome: Outcome) -> Result<(Conditions, Outcome), Vec<FieldError>> {
    let mut errors = Vec::new();
    for (field, entries) in [
        ("words", &mut conditions.words),
        ("postal_codes", &mut conditions.postal_codes),
    ] {
        let mut normalized = Vec::new();
        for entry in entries.iter() {
            match text::optional_line(entry, MAX_WORD_CHARS) {
                Ok(Some(entry)) if !normalized.contains(&entry) => normalized.push(entry),
                Ok(_) => {}
                Err(error) => errors.push(FieldError::text(field, error, MAX_WORD_CHARS)),
            }
        }
        if normalized.len() > MAX_ENTRIES {
            errors.push(FieldError::new(field, FieldCode::TooMany { max: MAX_ENTRIES }));
        }
        *entries = normalized;
    }
    if conditions
        .words
        .iter()
        .any(|word| normalize_words(word).trim().is_empty())
    {
        errors.push(FieldError::new("words", FieldCode::NoLetters));
    }
    if !conditions.postal_codes.iter().all(|entry| is_postal_entry(entry)) {
        errors.push(FieldError::new("postal_codes", FieldCode::InvalidPostalCodes));
    }
    for (field, value) in [("use_case", &mut outcome.use_case), ("region", &mut outcome.region)] {
        match text::optional_line(value.as_deref().unwrap_or_default(), MAX_NAME_CHARS) {
            Ok(checked) => *value = checked,
            Err(error) => errors.push(FieldError::text(field, error, MAX_NAME_CHARS)),
        }
    }
    if errors.is_empty() && outcome == Outcome::default() {
        errors.push(FieldError::new("region", FieldCode::RuleSaysNothing));
    }
    if errors.is_empty() {
        Ok((conditions, outcome))
    } else {
        Err(errors)
    }
}

fn is_postal_entry(entry: &str) -> bool {
    let is_code = |code: &str| {
        let code = code.trim();
        (1..=10).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
    };
    match entry.split_once('-') {
        Some((from, to)) => {
            is_code(from) && is_code(to) && from.trim().len() == to.trim().len() && from.trim() <= to.trim()
        }
        None => is_code(entry),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rule(number: u128, conditions: Conditions, outcome: Outcome) -> Rule {
        Rule {
            id: RuleId::from_uuid(uuid::Uuid::from_u128(number)),
            name: format!("Rule {number}"),
            conditions,
            outcome,
        }
    }

    fn facts(description: &str) -> RequestFacts<'_> {
        RequestFacts {
            channel: Channel::WebForm,
            form: None,
            service_type: ServiceType::Support,
            description,
            postal_code: Some("45127"),
        }
    }

    fn words(list: &[&str]) -> Conditions {
        Conditions {
            words: list.iter().map(|word| (*word).to_owned()).collect(),
            ..Conditions::default()
        }
    }

    fn region(name: &str) -> Outcome {
        Outcome {
            region: Some(name.to_owned()),
            ..Outcome::default()
        }
    }

    #[test]
    fn words_match_by_prefix_or_anywhere_with_asterisk() {
        for (word, description, expected) in [
            ("leak", "The pipe is LEAKING.", true),
            ("leak", "An oleak", false),
            ("*bruch", "Rohrbruch im Keller", true),
            ("bruch", "Rohrbruch im Keller", false),
            ("no power", "There is no,  power!", true),
            ("no power", "No more power", false),
            ("gas", "gas", true),
            ("تسرب", "يوجد تسرب في الأنبوب", true),
            ("*تسرب", "يوجد التسرب", true),
        ] {
            assert_eq!(
                words(&[word]).match_reasons(&facts(description)).is_some(),
                expected,
                "{word} in {description}"
            );
        }
    }

    #[test]
    fn postal_codes_match_by_prefix_or_range() {
        for (entry, code, expected) in [
            ("45", Some("45127"), true),
            ("46", Some("45127"), false),
            ("45000-45359", Some("45127"), true),
            ("45000-45359", Some("45359"), true),
            ("45000-45359", Some("45360"), false),
            ("45000-45359", Some("451270"), false),
            ("SW1A", Some("sw1a 1aa"), true),
            ("45", None, false),
        ] {
            let conditions = Conditions {
                postal_codes: vec![entry.to_owned()],
                ..Conditions::default()
            };
            let facts = RequestFacts {
                postal_code: code,
                ..facts("x")
            };
            assert_eq!(conditions.match_reasons(&facts).is_some(), expected, "{entry} {code:?}");
        }
    }

    #[test]
    fn classify_first_matching_rule_sets_each_field() {
        let gas = Outcome {
            priority: Some(Priority::Urgent),
            service_type: Some(ServiceType::Repair),
            ..region("Emergency")
        };
        let rules = [
            rule(1, words(&["nothing"]), region("Nowhere")),
            rule(2, words(&["gas"]), gas),
            rule(3, Conditions::default(), region("Everywhere")),
        ];
        let result = classify(&rules, &facts("It smells of gas"), Priority::Normal);
        assert_eq!(result.value(ClassifiedField::Region), Some("Emergency"));
        assert_eq!(result.service_type(), Some(ServiceType::Repair));
        assert_eq!(result.chosen_service_type, Some(ServiceType::Support));
        assert_eq!(result.chosen_priority, Some(Priority::Normal));
        let priority = result.of(ClassifiedField::Priority).expect("field is set");
        assert_eq!(
            (priority.rule_name.as_str(), &priority.because),
            ("Rule 2", &vec![MatchReason::Word("gas".to_owned())])
        );
        let fallback = classify(&rules, &facts("A question"), Priority::Normal);
        assert_eq!(fallback.value(ClassifiedField::Region), Some("Everywhere"));
        assert_eq!(
            fallback.of(ClassifiedField::Region).expect("field is set").because,
            [MatchReason::Always]
        );
        assert_eq!(fallback.chosen_priority, None);
        // Values from partner systems and staff are not replaced.
        for channel in [Channel::Api, Channel::Staff] {
            let facts = RequestFacts {
                channel,
                ..facts("It smells of gas")
            };
            let result = classify(&rules, &facts, Priority::Normal);
            assert_eq!((result.priority(), result.service_type()), (None, None));
            assert_eq!(result.value(ClassifiedField::Region), Some("Emergency"));
        }
    }

    #[test]
    fn checked_rejects_empty_or_invalid_rules() {
        let rejected_field = |conditions: Conditions, outcome: Outcome| {
            checked(conditions, outcome).expect_err("rule is invalid")[0]
                .pointer
                .clone()
        };
        assert_eq!(rejected_field(Conditions::default(), Outcome::default()), "region");
        assert_eq!(rejected_field(words(&["!!"]), region("North")), "words");
        for entry in ["45-", "45359-45000", "450-45359", "45;46", "45000-45359-1"] {
            let conditions = Conditions {
                postal_codes: vec![entry.to_owned()],
                ..Conditions::default()
            };
            assert_eq!(rejected_field(conditions, region("North")), "postal_codes", "{entry}");
        }
        let (conditions, _) = checked(words(&[" leak ", "", "leak"]), region(" North ")).expect("rule is valid");
        assert_eq!(conditions.words, ["leak"]);
    }

    proptest! {
        /// For arbitrary input: every field is set at most once, by the first rule that matches.
        #[test]
        fn classify_decisions_refer_to_a_matching_rule(description in ".{0,80}", word in ".{1,10}", code in ".{0,8}", entry in "[0-9A-Z-]{1,11}") {
            let conditions = Conditions { postal_codes: vec![entry], ..words(&[&word]) };
            let rules = [rule(1, conditions, region("A")), rule(2, words(&[&word]), region("B")), rule(3, Conditions::default(), region("C"))];
            let facts = RequestFacts { postal_code: Some(&code), ..facts(&description) };
            let result = classify(&rules, &facts, Priority::Normal);
            prop_assert_eq!(result.decided.len(), 1);
            let decided = &result.decided[0];
            let deciding = rules.iter().find(|rule| rule.id == decided.rule).expect("rule exists");
            prop_assert_eq!(deciding.conditions.match_reasons(&facts), Some(decided.because.clone()));
            let earlier = rules.iter().take_while(|rule| rule.id != decided.rule);
            prop_assert!(earlier.into_iter().all(|rule| rule.conditions.match_reasons(&facts).is_none()));
        }
    }
}
