//! Text input: parsed once at the system boundary, then passed on as types.

use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// Reason why a text is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextError {
    /// A required text is empty.
    Required,
    /// Exceeds the maximum length.
    TooLong,
    /// Contains a control character or a bidirectional override.
    InvalidCharacter,
    /// An identifier contains a character that is invisible or looks like an ordinary space.
    HiddenCharacter(char),
    /// An external id starts or ends with whitespace.
    SurroundingSpace,
    /// Not an email address.
    InvalidEmail,
    /// Shorter than the minimum length.
    TooShort,
    /// Not a two-letter country code.
    InvalidCountry,
}

impl TextError {
    /// Returns the error code used in problem responses and on forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "value_too_long",
            Self::InvalidCharacter | Self::HiddenCharacter(_) => "invalid_character",
            Self::SurroundingSpace => "surrounding_space",
            Self::InvalidEmail => "invalid_email",
            Self::TooShort => "value_too_short",
            Self::InvalidCountry => "invalid_country",
        }
    }
}

/// Returns whether a character is allowed in single-line text.
fn is_line_character(character: char) -> bool {
    !character.is_control() && !is_bidi_override(character)
}

/// Returns whether a character is a bidirectional override (LRO or RLO), which can disguise one text as another.
pub const fn is_bidi_override(character: char) -> bool {
    matches!(character, '\u{202d}' | '\u{202e}')
}

/// Returns whether a character is allowed in multi-line text.
pub fn is_text_character(character: char) -> bool {
    (!character.is_control() && !is_bidi_override(character)) || matches!(character, '\n' | '\r' | '\t')
}

/// Returns whether a character is invisible or looks like an ordinary space, so that two different identifiers would
/// look alike: default-ignorable characters (Unicode, DerivedCoreProperties), separators other than the space, and blank
/// symbols.
pub const fn is_hidden_character(character: char) -> bool {
    matches!(character,
        '\u{00a0}' | '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{1680}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Checks the characters of an identifier.
fn check_identifier(text: &str) -> Result<(), TextError> {
    if let Some(hidden) = text.chars().find(|character| is_hidden_character(*character)) {
        return Err(TextError::HiddenCharacter(hidden));
    }
    if text.chars().all(is_line_character) {
        Ok(())
    } else {
        Err(TextError::InvalidCharacter)
    }
}

/// Parses a two-letter country code (ISO 3166-1) and returns it in uppercase.
///
/// # Errors
/// [`TextError::InvalidCountry`] for anything but two ASCII letters.
pub fn country(text: &str) -> Result<String, TextError> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(TextError::InvalidCountry)
    }
}

/// Parses required single-line text: trimmed, NFC, 1 to `max_chars` characters.
///
/// # Errors
/// See [`TextError`].
pub fn line(text: &str, max_chars: usize) -> Result<String, TextError> {
    optional_line(text, max_chars)?.ok_or(TextError::Required)
}

/// Parses optional single-line text like [`line`]; blank text gives `None`.
///
/// # Errors
/// See [`TextError`].
pub fn optional_line(text: &str, max_chars: usize) -> Result<Option<String>, TextError> {
    if !text.chars().all(is_line_character) {
        return Err(TextError::InvalidCharacter);
    }
    checked(text.trim().nfc().collect(), max_chars)
}

/// Parses optional multi-line text: line ends become `\n`, trimmed, NFC, at most `max_chars` characters.
///
/// # Errors
/// See [`TextError`].
pub fn optional_paragraphs(text: &str, max_chars: usize) -> Result<Option<String>, TextError> {
    if !text.chars().all(is_text_character) {
        return Err(TextError::InvalidCharacter);
    }
    checked(text.replace("\r\n", "\n").trim().nfc().collect(), max_chars)
}

/// Parses required multi-line text like [`optional_paragraphs`].
///
/// # Errors
/// See [`TextError`].
pub fn paragraphs(text: &str, max_chars: usize) -> Result<String, TextError> {
    optional_paragraphs(text, max_chars)?.ok_or(TextError::Required)
}

fn checked(text: String, max_chars: usize) -> Result<Option<String>, TextError> {
    if text.is_empty() {
        Ok(None)
    } else if text.chars().count() > max_chars {
        Err(TextError::TooLong)
    } else {
        Ok(Some(text))
    }
}

/// Returns the first sentence of a text without its full stop, cut between words where it is longer than `max_chars`; `None` if the
/// text is empty.
pub fn beginning(text: &str, max_chars: usize) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let end = line
        .char_indices()
        .find(|(at, character)| {
            let after = line.get(at + character.len_utf8()..).unwrap_or_default();
            matches!(character, '.' | '!' | '?' | '؟') && (after.is_empty() || after.starts_with(' '))
        })
        .map_or(line.len(), |(at, character)| {
            if character == '.' {
                at
            } else {
                at + character.len_utf8()
            }
        });
    // After a few characters, the mark ends an abbreviation rather than a sentence.
    let is_sentence = |part: &&str| part.chars().count() >= 12;
    let sentence = line.get(..end).filter(is_sentence).unwrap_or(line);
    if sentence.chars().count() <= max_chars {
        return Some(sentence.to_owned());
    }
    let cut: String = sentence.chars().take(max_chars.saturating_sub(1)).collect();
    let whole_words = cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words);
    Some(format!("{}…", whole_words.trim_end_matches([',', ' ', ';', ':'])))
}

/// Normalizes a name for comparison: NFC, lowercase, single spaces. The result only supports hints to users and never
/// establishes identity.
pub fn name_for_comparison(name: &str) -> String {
    name.nfc()
        .collect::<String>()
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the law appends to the names of companies, in lowercase.
const LEGAL_FORMS: [&str; 24] = [
    "gmbh", "mbh", "ag", "kg", "ohg", "gbr", "ug", "e.k.", "ek", "e.v.", "ev", "se", "co", "co.", "&", "inc", "inc.",
    "llc", "ltd", "ltd.", "plc", "fzco", "llp", "limited",
];

/// Returns a name as in [`name_for_comparison`] without legal forms such as "GmbH & Co. KG", to find the same company under
/// another one.
pub fn name_without_legal_form(name: &str) -> String {
    let words: Vec<String> = name_for_comparison(name).split(' ').map(str::to_owned).collect();
    let is_legal_form = |word: &String| LEGAL_FORMS.contains(&word.trim_end_matches(','));
    let kept = words
        .iter()
        .rposition(|word| !is_legal_form(word))
        .map_or(0, |last| last + 1);
    words[..kept].join(" ").trim_end_matches(',').to_owned()
}

/// Id of a record in an external system. Compared byte by byte after NFC normalization, case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// Maximum length in characters.
    pub const MAX_CHARS: usize = 128;
    /// What languages, databases and spreadsheets write for "nothing", in lowercase.
    const PLACEHOLDERS: [&'static str; 42] = [
        "0",
        "-1",
        "-",
        "--",
        "---",
        "\u{2013}",
        "\u{2014}",
        "_",
        ".",
        "?",
        "??",
        "???",
        "null",
        "(null)",
        "<null>",
        "[null]",
        "dbnull",
        "system.dbnull",
        "none",
        "(none)",
        "<none>",
        "nil",
        "<nil>",
        "undefined",
        "undef",
        "nan",
        "n/a",
        "n.a.",
        "#n/a",
        "#nv",
        "#null!",
        "#value!",
        "#wert!",
        "#ref!",
        "#bezug!",
        "#name?",
        "#div/0!",
        "#num!",
        "#zahl!",
        "(blank)",
        "(leer)",
        "00000000-0000-0000-0000-000000000000",
    ];

    /// Parses an external id.
    ///
    /// # Errors
    /// The text is empty, too long, contains control or hidden characters, or starts or ends with whitespace.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Required);
        }
        check_identifier(text)?;
        if text.trim() != text {
            return Err(TextError::SurroundingSpace);
        }
        let text: String = text.nfc().collect();
        if text.chars().count() > Self::MAX_CHARS {
            return Err(TextError::TooLong);
        }
        Ok(Self(text))
    }

    /// Returns whether the value is a placeholder for a missing id.
    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.0)
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Returns whether an identifier is what languages, databases and spreadsheets write for "nothing".
fn is_placeholder(identifier: &str) -> bool {
    ExternalId::PLACEHOLDERS.contains(&identifier.to_lowercase().as_str())
}

impl fmt::Display for ExternalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Number of a customer record. Compared trimmed, NFC-normalized and uppercased.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CustomerNumber(String);

impl CustomerNumber {
    /// Maximum length in characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses a customer number; blank text gives `None`.
    ///
    /// # Errors
    /// The text is too long or contains control or hidden characters.
    pub fn parse(text: &str) -> Result<Option<Self>, TextError> {
        check_identifier(text)?;
        Ok(optional_line(text, Self::MAX_CHARS)?.map(Self))
    }

    /// Returns the number as entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the value is a placeholder for a missing number.
    pub fn is_placeholder(&self) -> bool {
        is_placeholder(&self.0)
    }

    /// Returns the form used for comparison and indexing.
    pub fn for_comparison(&self) -> String {
        self.0.to_uppercase()
    }
}

/// Parses an email address and returns it trimmed, composed (NFC) and in lowercase, as used for sign-in. The domain may be
/// internationalized and stays as typed. Deliverability is confirmed by sending an email.
///
/// # Errors
/// The text does not have the form `local@domain` of RFC 5321 without quotes, or is longer than 254 characters.
pub fn email(text: &str) -> Result<String, TextError> {
    let text: String = line(text, 254)?.nfc().collect::<String>().to_lowercase();
    let is_valid = text
        .split_once('@')
        .is_some_and(|(local, domain)| is_local_part(local) && is_domain(domain));
    if is_valid {
        Ok(text)
    } else {
        Err(TextError::InvalidEmail)
    }
}

/// Whether the text is the part of an address before the `@`: words with dots between them.
fn is_local_part(local: &str) -> bool {
    let is_allowed = |character: char| {
        character.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character) || is_mark(character)
    };
    local.len() <= 64
        && local
            .split('.')
            .all(|word| !word.is_empty() && word.chars().all(is_allowed))
}

/// Whether the text is a domain of at least two labels (RFC 1123), perhaps internationalized.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let has_edge_hyphen = label.starts_with('-') || label.ends_with('-');
        let is_allowed = |character: char| character.is_alphanumeric() || character == '-' || is_mark(character);
        (1..=63).contains(&label.chars().count()) && !has_edge_hyphen && label.chars().all(is_allowed)
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

/// Whether the character is a combining mark, which words of some scripts contain.
fn is_mark(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_is_the_first_sentence_in_whole_words() {
        let cases = [
            ("", None),
            (" \n ", None),
            (
                "Cold room 2 is too warm. Since last night.",
                Some("Cold room 2 is too warm"),
            ),
            ("Why does it hum? Please call.", Some("Why does it hum?")),
            ("Temp. 9.5 °C in room 2\nSecond line", Some("Temp. 9.5 °C in room 2")),
            ("z. B. der Brenner faellt aus", Some("z. B. der Brenner faellt…")),
            ("جهاز التكييف لا يعمل. نرجو الحضور", Some("جهاز التكييف لا يعمل")),
            (
                "One two three four five six, seven eight",
                Some("One two three four five…"),
            ),
            (
                "Donaudampfschifffahrtsgesellschaftskapitaen",
                Some("Donaudampfschifffahrtsgesell…"),
            ),
        ];
        for (text, expected) in cases {
            let max_chars = if text.starts_with("z. B.") { 27 } else { 29 };
            assert_eq!(beginning(text, max_chars).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn legal_forms_are_left_out_at_the_end() {
        for (name, expected) in [
            ("Meyer Heizung GmbH & Co. KG", "meyer heizung"),
            ("MEYER  Heizung", "meyer heizung"),
            ("Al Noor LLC", "al noor"),
            ("Acme, Inc.", "acme"),
            ("AG Kunst und Co Werkstatt", "ag kunst und co werkstatt"),
            ("GmbH", ""),
            ("", ""),
        ] {
            assert_eq!(name_without_legal_form(name), expected, "{name}");
        }
    }
    use proptest::prelude::*;

    #[test]
    fn email_follows_the_grammar_of_addresses() {
        for (typed, expected) in [
            (" Anna@Example.org ", Some("anna@example.org")),
            (
                "o'neil+field.service@sub.example.co.uk",
                Some("o'neil+field.service@sub.example.co.uk"),
            ),
            ("info@mu\u{308}ller-lift.example", Some("info@m\u{fc}ller-lift.example")),
            ("دعم@مثال.إختبار", Some("دعم@مثال.إختبار")),
            ("a@example..org", None),
            ("a@.example.org", None),
            ("a@example.org.", None),
            ("a@-example.org", None),
            ("a@example-.org", None),
            ("a@example", None),
            ("a@exa_mple.org", None),
            ("a@b@example.org", None),
            (".a@example.org", None),
            ("a.@example.org", None),
            ("a..b@example.org", None),
            ("a b@example.org", None),
            ("a,b@example.org", None),
            ("<a@example.org>", None),
            ("@example.org", None),
        ] {
            assert_eq!(email(typed).ok().as_deref(), expected, "{typed}");
        }
        assert!(email(&format!("{}@example.org", "a".repeat(65))).is_err());
        assert!(email(&format!("a@{}.org", "a".repeat(64))).is_err());
    }

    #[test]
    fn external_id_parse_follows_the_api_contract() {
        for (text, expected) in [
            ("CUST-10042", Ok("CUST-10042")),
            (" CUST", Err(TextError::SurroundingSpace)),
            ("CUST ", Err(TextError::SurroundingSpace)),
            ("CUST\u{a0}", Err(TextError::HiddenCharacter('\u{a0}'))),
            ("CUST-77\u{200b}", Err(TextError::HiddenCharacter('\u{200b}'))),
            ("CU\u{ad}ST", Err(TextError::HiddenCharacter('\u{ad}'))),
            ("CU\u{2060}ST", Err(TextError::HiddenCharacter('\u{2060}'))),
            ("CU\u{3000}ST", Err(TextError::HiddenCharacter('\u{3000}'))),
            ("CU\u{2800}ST", Err(TextError::HiddenCharacter('\u{2800}'))),
            ("CU\u{e0041}ST", Err(TextError::HiddenCharacter('\u{e0041}'))),
            ("", Err(TextError::Required)),
            ("a\0b", Err(TextError::InvalidCharacter)),
            ("a b", Ok("a b")),
            // Decomposed and precomposed forms are the same id.
            ("Mu\u{308}ller", Ok("M\u{fc}ller")),
        ] {
            assert_eq!(
                ExternalId::parse(text).as_ref().map(ExternalId::as_str),
                expected.as_ref().copied(),
                "{text:?}"
            );
        }
        assert!(ExternalId::parse(&"x".repeat(128)).is_ok());
        assert_eq!(ExternalId::parse(&"x".repeat(129)), Err(TextError::TooLong));
        for blank in [
            "0",
            "-1",
            "null",
            "NULL",
            "n/a",
            "N/A",
            "-",
            "None",
            "NONE",
            "undefined",
            "NaN",
            "nan",
            "#N/A",
            "#NV",
            "nil",
            "?",
            "(null)",
            "#WERT!",
            "\u{2013}",
            "DBNull",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(
                ExternalId::parse(blank).expect("id is valid").is_placeholder(),
                "{blank}"
            );
        }
        for real in ["00", "10", "N", "NONE-1", "A?", "nilsson", "NULL1"] {
            assert!(
                !ExternalId::parse(real).expect("id is valid").is_placeholder(),
                "{real}"
            );
        }
    }

    #[test]
    fn customer_numbers_compare_case_insensitively() {
        let number = |text| {
            CustomerNumber::parse(text)
                .expect("number is valid")
                .expect("number is not blank")
        };
        assert_eq!(number(" rrm-001 ").for_comparison(), number("RRM-001").for_comparison());
        assert_eq!(CustomerNumber::parse("  "), Ok(None));
        for (text, hidden) in [("RRM\u{a0}001", '\u{a0}'), ("RRM-001\u{200b}", '\u{200b}')] {
            assert_eq!(CustomerNumber::parse(text), Err(TextError::HiddenCharacter(hidden)));
        }
    }

    #[test]
    fn text_bidi_override_is_rejected_and_arabic_accepted() {
        for invalid in ["\u{202e}nimda", "exe\u{202d}.png"] {
            assert_eq!(line(invalid, 100), Err(TextError::InvalidCharacter), "{invalid:?}");
            assert_eq!(
                paragraphs(invalid, 100),
                Err(TextError::InvalidCharacter),
                "{invalid:?}"
            );
        }
        let arabic = "المصعد \u{2068}REQ-7\u{2069} متوقف\u{200f}";
        assert_eq!(line(arabic, 100).as_deref(), Ok(arabic));
    }

    fn hidden_characters() -> Vec<char> {
        ('\u{80}'..='\u{e0fff}')
            .filter(|character| is_hidden_character(*character))
            .collect()
    }

    proptest! {
        /// Two identifiers that are accepted and look alike without hidden characters are the same identifier.
        #[test]
        fn external_id_with_hidden_character_is_rejected(start in "[A-Z0-9]{1,4}", hidden in proptest::sample::select(hidden_characters()), end in "[A-Z0-9]{0,4}") {
            let text = format!("{start}{hidden}{end}");
            prop_assert_eq!(ExternalId::parse(&text), Err(TextError::HiddenCharacter(hidden)));
        }

        #[test]
        fn line_parsed_is_bounded_and_free_of_control_characters(text in any::<String>()) {
            if let Ok(parsed) = line(&text, 50) {
                prop_assert!(parsed.chars().all(|character| !character.is_control()));
                prop_assert!(parsed.chars().count() <= 50 && !parsed.is_empty());
                prop_assert_eq!(line(&parsed, 50), Ok(parsed.clone()));
            }
        }
    }
}
