//! Rules that classify requests on their way in. For each thing that a rule can set, the first rule in the
//! organisation's order that fits decides, and the result says which rule it was and why it fitted.

use serde::{Deserialize, Serialize};

use crate::fields::FieldError;
use crate::ids::{FormId, RuleId};
use crate::requests::{Channel, Priority, ServiceType};
use crate::text;

/// How many words or postal codes a rule may list.
pub const MOST_ENTRIES: usize = 50;
/// The longest word or phrase, in characters.
pub const MOST_WORD: usize = 60;
/// The longest name of a region or use case, in characters.
pub const MOST_NAME: usize = 60;

/// When a rule fits. Every list that is not empty must have a match; a rule without any fits everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conditions {
    /// The ways in.
    pub channels: Vec<Channel>,
    /// The public forms.
    pub forms: Vec<FormId>,
    /// What was asked for.
    pub service_types: Vec<ServiceType>,
    /// Beginnings of words of the description, or with a leading `*` any part of it.
    pub words: Vec<String>,
    /// Beginnings of postal codes such as `45`, or ranges such as `45000-45359`.
    pub postal_codes: Vec<String>,
}

/// What a rule says about a request that it fits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// What it is about, in the organisation's own words.
    pub use_case: Option<String>,
    /// The region, in the organisation's own words.
    pub region: Option<String>,
    /// The kind of service, in place of what was chosen.
    pub service_type: Option<ServiceType>,
    /// The priority, in place of what was wished for.
    pub priority: Option<Priority>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// How people call it.
    pub name: String,
    /// When it fits.
    pub conditions: Conditions,
    /// What it says.
    pub outcome: Outcome,
}

/// What is known about a request when it arrives.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The way in.
    pub channel: Channel,
    /// The public form, if it came by one.
    pub form: Option<FormId>,
    /// What was chosen.
    pub service_type: ServiceType,
    /// What was written.
    pub description: &'a str,
    /// Where it is.
    pub postal_code: Option<&'a str>,
}

crate::stored_names! {
    /// What a rule can set.
    Classified {
        /// What it is about.
        UseCase = "use_case",
        /// Where it belongs.
        Region = "region",
        /// The kind of service.
        ServiceType = "service_type",
        /// How urgent it is.
        Priority = "priority",
    }
}

/// One reason why a rule fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Because {
    /// The way in is listed.
    Channel(Channel),
    /// The public form is listed.
    Form(FormId),
    /// The kind of service that was chosen is listed.
    ServiceType(ServiceType),
    /// This word of the rule stands in the description.
    Word(String),
    /// This entry of the rule covers the postal code.
    PostalCode(String),
    /// The rule asks for nothing.
    Always,
}

/// One thing that a rule decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What was decided.
    pub field: Classified,
    /// What it is now.
    pub value: String,
    /// By which rule.
    pub rule: RuleId,
    /// The rule's name at that time.
    pub rule_name: String,
    /// Why the rule fitted.
    pub because: Vec<Because>,
}

/// What the rules said about one request, with what its sender had chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Classification {
    /// What was decided, at most one entry for each field.
    pub decided: Vec<Decided>,
    /// The kind of service that was chosen, if a rule put another in its place.
    pub chosen_service_type: Option<ServiceType>,
    /// The priority that was wished for, if a rule put another in its place.
    pub chosen_priority: Option<Priority>,
}

impl Classification {
    /// What was decided about one thing.
    pub fn of(&self, field: Classified) -> Option<&Decided> {
        self.decided.iter().find(|decided| decided.field == field)
    }

    /// The value of one thing.
    pub fn value(&self, field: Classified) -> Option<&str> {
        self.of(field).map(|decided| decided.value.as_str())
    }

    /// The kind of service that the rules decided.
    pub fn service_type(&self) -> Option<ServiceType> {
        self.value(Classified::ServiceType).and_then(ServiceType::from_name)
    }

    /// The priority that the rules decided.
    pub fn priority(&self) -> Option<Priority> {
        self.value(Classified::Priority).and_then(Priority::from_name)
    }
}

impl Channel {
    /// Whether rules may put another kind of service or priority in place of what was chosen. What a partner's system sent
    /// and what the staff wrote down themselves stays; there, rules only add a region and a use case.
    pub const fn lets_rules_correct(self) -> bool {
        !matches!(self, Self::Api | Self::Staff)
    }
}

impl Conditions {
    /// Why the rule fits, or `None` if it does not.
    pub fn fit(&self, facts: &Facts<'_>) -> Option<Vec<Because>> {
        let mut because = Vec::new();
        if !self.channels.is_empty() {
            because.push(Because::Channel(
                *self.channels.iter().find(|one| **one == facts.channel)?,
            ));
        }
        if !self.forms.is_empty() {
            because.push(Because::Form(*self.forms.iter().find(|one| Some(**one) == facts.form)?));
        }
        if !self.service_types.is_empty() {
            let found = self.service_types.iter().find(|one| **one == facts.service_type)?;
            because.push(Because::ServiceType(*found));
        }
        if !self.words.is_empty() {
            let text = words_of(facts.description);
            let found = self.words.iter().find(|word| stands_in(word, &text))?;
            because.push(Because::Word(found.clone()));
        }
        if !self.postal_codes.is_empty() {
            let code = facts.postal_code?;
            let found = self.postal_codes.iter().find(|entry| covers(entry, code))?;
            because.push(Because::PostalCode(found.clone()));
        }
        if because.is_empty() {
            because.push(Because::Always);
        }
        Some(because)
    }
}

/// A text as words between single spaces, with one at either end: nothing else separates words.
fn words_of(text: &str) -> String {
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

fn stands_in(word: &str, text: &str) -> bool {
    let (part, word) = word.strip_prefix('*').map_or((false, word), |rest| (true, rest));
    let looked_for = words_of(word);
    let looked_for = looked_for.trim();
    if looked_for.is_empty() {
        return false;
    }
    if part {
        text.contains(looked_for)
    } else {
        text.contains(&format!(" {looked_for}"))
    }
}

fn covers(entry: &str, code: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_uppercase())
            .collect()
    };
    let code = plain(code);
    match entry.split_once('-') {
        // Codes of one length compare like numbers, also where they have letters.
        Some((from, to)) => {
            let (from, to) = (plain(from), plain(to));
            code.len() == from.len() && (from..=to).contains(&code)
        }
        None => code.starts_with(&plain(entry)),
    }
}

/// Asks every rule, in order, once for each thing that it can set. Conditions look at what was sent, never at what another
/// rule decided, so the order matters only where two rules set the same thing.
pub fn classify(rules: &[Rule], facts: &Facts<'_>, priority: Priority) -> Classification {
    let mut result = Classification::default();
    for rule in rules {
        let Some(because) = rule.conditions.fit(facts) else {
            continue;
        };
        let corrects = facts.channel.lets_rules_correct();
        let outcome = &rule.outcome;
        let said = [
            (Classified::UseCase, outcome.use_case.clone()),
            (Classified::Region, outcome.region.clone()),
            (
                Classified::ServiceType,
                outcome
                    .service_type
                    .filter(|_| corrects)
                    .map(|value| value.name().to_owned()),
            ),
            (
                Classified::Priority,
                outcome
                    .priority
                    .filter(|_| corrects)
                    .map(|value| value.name().to_owned()),
            ),
        ];
        for (field, value) in said {
            let Some(value) = value.filter(|_| result.of(field).is_none()) else {
                continue;
            };
            result.decided.push(Decided {
                field,
                value,
                rule: rule.id,
                rule_name: rule.name.clone(),
                because: because.clone(),
            });
        }
    }
    let chosen = facts.service_type;
    result.chosen_service_type = result
        .service_type()
        .filter(|decided| *decided != chosen)
        .map(|_| chosen);
    result.chosen_priority = result
        .priority()
        .filter(|decided| *decided != priority)
        .map(|_| priority);
    result
}

/// Checks what an administrator set and brings it into the form in which it is kept.
///
/// # Errors
/// The fields that are wrong.
pub fn checked(mut conditions: Conditions, mut outcome: Outcome) -> Result<(Conditions, Outcome), Vec<FieldError>> {
    let mut errors = Vec::new();
    for (field, entries) in [
        ("words", &mut conditions.words),
        ("postal_codes", &mut conditions.postal_codes),
    ] {
        let mut kept = Vec::new();
        for entry in entries.iter() {
            match text::optional_line(entry, MOST_WORD) {
                Ok(Some(entry)) if !kept.contains(&entry) => kept.push(entry),
                Ok(_) => {}
                Err(error) => errors.push(FieldError::text(field, error, MOST_WORD)),
            }
        }
        if kept.len() > MOST_ENTRIES {
            errors.push(FieldError::new(
                field,
                "too_many",
                format!("At most {MOST_ENTRIES} entries are allowed."),
            ));
        }
        *entries = kept;
    }
    if conditions.words.iter().any(|word| words_of(word).trim().is_empty()) {
        errors.push(FieldError::new(
            "words",
            "validation_failed",
            "Every entry needs at least one letter or digit.",
        ));
    }
    if !conditions.postal_codes.iter().all(|entry| is_postal_entry(entry)) {
        errors.push(FieldError::new(
            "postal_codes",
            "invalid_postal_codes",
            "Beginnings such as 45 or ranges such as 45000-45359 are required, one a line.",
        ));
    }
    for (field, value) in [("use_case", &mut outcome.use_case), ("region", &mut outcome.region)] {
        match text::optional_line(value.as_deref().unwrap_or_default(), MOST_NAME) {
            Ok(checked) => *value = checked,
            Err(error) => errors.push(FieldError::text(field, error, MOST_NAME)),
        }
    }
    if errors.is_empty() && outcome == Outcome::default() {
        errors.push(FieldError::new(
            "region",
            "rule_says_nothing",
            "Say what the rule sets: a use case, a region, a kind of service or a priority.",
        ));
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

    fn facts(description: &str) -> Facts<'_> {
        Facts {
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
    fn words_fit_at_their_beginning_or_anywhere_with_a_star() {
        for (word, description, fits) in [
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
                words(&[word]).fit(&facts(description)).is_some(),
                fits,
                "{word} in {description}"
            );
        }
    }

    #[test]
    fn postal_codes_fit_by_beginning_or_range() {
        for (entry, code, fits) in [
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
            let facts = Facts {
                postal_code: code,
                ..facts("x")
            };
            assert_eq!(conditions.fit(&facts).is_some(), fits, "{entry} {code:?}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides_each_thing_and_is_named() {
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
        assert_eq!(result.value(Classified::Region), Some("Emergency"));
        assert_eq!(result.service_type(), Some(ServiceType::Repair));
        assert_eq!(result.chosen_service_type, Some(ServiceType::Support));
        assert_eq!(result.chosen_priority, Some(Priority::Normal));
        let priority = result.of(Classified::Priority).expect("decided");
        assert_eq!(
            (priority.rule_name.as_str(), &priority.because),
            ("Rule 2", &vec![Because::Word("gas".to_owned())])
        );
        let plain = classify(&rules, &facts("A question"), Priority::Normal);
        assert_eq!(plain.value(Classified::Region), Some("Everywhere"));
        assert_eq!(
            plain.of(Classified::Region).expect("decided").because,
            [Because::Always]
        );
        assert_eq!(plain.chosen_priority, None);
        // What a partner sent and what the staff wrote stays as it is.
        for channel in [Channel::Api, Channel::Staff] {
            let facts = Facts {
                channel,
                ..facts("It smells of gas")
            };
            let result = classify(&rules, &facts, Priority::Normal);
            assert_eq!((result.priority(), result.service_type()), (None, None));
            assert_eq!(result.value(Classified::Region), Some("Emergency"));
        }
    }

    #[test]
    fn what_says_nothing_or_cannot_be_read_is_refused() {
        let refused = |conditions: Conditions, outcome: Outcome| {
            checked(conditions, outcome).expect_err("refused")[0].pointer.clone()
        };
        assert_eq!(refused(Conditions::default(), Outcome::default()), "region");
        assert_eq!(refused(words(&["!!"]), region("North")), "words");
        for entry in ["45-", "45359-45000", "450-45359", "45;46", "45000-45359-1"] {
            let conditions = Conditions {
                postal_codes: vec![entry.to_owned()],
                ..Conditions::default()
            };
            assert_eq!(refused(conditions, region("North")), "postal_codes", "{entry}");
        }
        let (conditions, _) = checked(words(&[" leak ", "", "leak"]), region(" North ")).expect("sound");
        assert_eq!(conditions.words, ["leak"]);
    }

    proptest! {
        /// Whatever is written: nothing panics, every thing is decided at most once, and each decision's rule fits.
        #[test]
        fn every_decision_names_a_rule_that_fits(description in ".{0,80}", word in ".{1,10}", code in ".{0,8}", entry in "[0-9A-Z-]{1,11}") {
            let conditions = Conditions { postal_codes: vec![entry], ..words(&[&word]) };
            let rules = [rule(1, conditions, region("A")), rule(2, words(&[&word]), region("B")), rule(3, Conditions::default(), region("C"))];
            let facts = Facts { postal_code: Some(&code), ..facts(&description) };
            let result = classify(&rules, &facts, Priority::Normal);
            prop_assert_eq!(result.decided.len(), 1);
            let decided = &result.decided[0];
            let deciding = rules.iter().find(|rule| rule.id == decided.rule).expect("a rule");
            prop_assert_eq!(deciding.conditions.fit(&facts), Some(decided.because.clone()));
            let earlier = rules.iter().take_while(|rule| rule.id != decided.rule);
            prop_assert!(earlier.into_iter().all(|rule| rule.conditions.fit(&facts).is_none()));
        }
    }
}
