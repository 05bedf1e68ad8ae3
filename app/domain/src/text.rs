//! Texts that people and systems send: parsed once at the edge, then carried as types.

use std::fmt;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

/// Why a text was refused. The name is the `code` in problems and on forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TextError {
    /// Nothing there where something is needed.
    Required,
    /// More characters than allowed.
    TooLong,
    /// NUL or another control character.
    InvalidCharacter,
    /// A space at the start or the end of an external id.
    SurroundingSpace,
    /// Not an e-mail address.
    InvalidEmail,
    /// Fewer characters than allowed.
    TooShort,
    /// Not a country code of two letters.
    InvalidCountry,
}

impl TextError {
    /// The code in problems and on forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong => "value_too_long",
            Self::InvalidCharacter => "invalid_character",
            Self::SurroundingSpace => "surrounding_space",
            Self::InvalidEmail => "invalid_email",
            Self::TooShort => "value_too_short",
            Self::InvalidCountry => "invalid_country",
        }
    }
}

/// Whether a character may stand in a text of one line.
fn is_line_character(character: char) -> bool {
    !character.is_control() && !turns_text_around(character)
}

/// The two characters that show what follows them in another order than it is written in, whatever it is: good for
/// nothing but making one text look like another.
pub const fn turns_text_around(character: char) -> bool {
    matches!(character, '\u{202d}' | '\u{202e}')
}

/// Whether a character may stand in a text of several lines.
pub fn is_text_character(character: char) -> bool {
    (!character.is_control() && !turns_text_around(character)) || matches!(character, '\n' | '\r' | '\t')
}

/// A country code of two letters (ISO 3166-1), in upper case.
///
/// # Errors
/// Anything else.
pub fn country(text: &str) -> Result<String, TextError> {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        Ok(text.to_ascii_uppercase())
    } else {
        Err(TextError::InvalidCountry)
    }
}

/// One line, trimmed, NFC, 1 to `most` characters.
///
/// # Errors
/// [`TextError`] says what is wrong.
pub fn line(text: &str, most: usize) -> Result<String, TextError> {
    optional_line(text, most)?.ok_or(TextError::Required)
}

/// Like [`line`], but nothing is allowed and gives `None`.
///
/// # Errors
/// [`TextError`] says what is wrong.
pub fn optional_line(text: &str, most: usize) -> Result<Option<String>, TextError> {
    if !text.chars().all(is_line_character) {
        return Err(TextError::InvalidCharacter);
    }
    checked(text.trim().nfc().collect(), most)
}

/// Several lines with `\n` as line end, trimmed, NFC, at most `most` characters.
///
/// # Errors
/// [`TextError`] says what is wrong.
pub fn optional_paragraphs(text: &str, most: usize) -> Result<Option<String>, TextError> {
    if !text.chars().all(is_text_character) {
        return Err(TextError::InvalidCharacter);
    }
    checked(text.replace("\r\n", "\n").trim().nfc().collect(), most)
}

/// Like [`optional_paragraphs`], but something must be there.
///
/// # Errors
/// [`TextError`] says what is wrong.
pub fn paragraphs(text: &str, most: usize) -> Result<String, TextError> {
    optional_paragraphs(text, most)?.ok_or(TextError::Required)
}

fn checked(text: String, most: usize) -> Result<Option<String>, TextError> {
    if text.is_empty() {
        Ok(None)
    } else if text.chars().count() > most {
        Err(TextError::TooLong)
    } else {
        Ok(Some(text))
    }
}

/// The form in which two names are compared for likeness: NFC, lower case, single spaces. It only ever serves a hint to
/// a person, never an identity.
pub fn name_for_comparison(name: &str) -> String {
    name.nfc()
        .collect::<String>()
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// An id that another system gave to its record. Compared byte by byte after NFC, case-sensitive.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ExternalId(String);

impl ExternalId {
    /// The longest allowed id, in characters.
    pub const MOST: usize = 128;
    /// Values that systems send when they have no id; they count as absent, with a warning.
    const BLANK_LIKE: [&'static str; 5] = ["0", "-1", "null", "n/a", "-"];

    /// Reads an external id.
    ///
    /// # Errors
    /// Empty, too long, with control characters, or with a space at either end.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.is_empty() {
            return Err(TextError::Required);
        }
        if !text.chars().all(is_line_character) {
            return Err(TextError::InvalidCharacter);
        }
        if text.trim() != text {
            return Err(TextError::SurroundingSpace);
        }
        let text: String = text.nfc().collect();
        if text.chars().count() > Self::MOST {
            return Err(TextError::TooLong);
        }
        Ok(Self(text))
    }

    /// Whether this only says that there is no id.
    pub fn is_blank_like(&self) -> bool {
        Self::BLANK_LIKE.iter().any(|blank| self.0.eq_ignore_ascii_case(blank))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The number of a customer record. Compared trimmed, NFC and upper-cased.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CustomerNumber(String);

impl CustomerNumber {
    /// The longest allowed number, in characters.
    pub const MOST: usize = 64;

    /// Reads a customer number; blank gives `None`.
    ///
    /// # Errors
    /// Too long, or with control characters.
    pub fn parse(text: &str) -> Result<Option<Self>, TextError> {
        Ok(optional_line(text, Self::MOST)?.map(Self))
    }

    /// The text as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which numbers are compared and indexed.
    pub fn for_comparison(&self) -> String {
        self.0.to_uppercase()
    }
}

/// An e-mail address in the form used for sign-in: trimmed and lower case. Only its rough shape is checked; whether it
/// works is known when a mail arrives.
///
/// # Errors
/// Not of the shape `local@domain`, or longer than 254 characters (RFC 5321).
pub fn email(text: &str) -> Result<String, TextError> {
    let text = line(text, 254)?.to_lowercase();
    let valid = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.len() > 2 && domain.contains('.') && !domain.contains('@')
    });
    if valid && !text.contains(char::is_whitespace) {
        Ok(text)
    } else {
        Err(TextError::InvalidEmail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn external_ids_as_the_contract_says() {
        for (text, expected) in [
            ("CUST-10042", Ok("CUST-10042")),
            (" CUST", Err(TextError::SurroundingSpace)),
            ("CUST\u{a0}", Err(TextError::SurroundingSpace)),
            ("", Err(TextError::Required)),
            ("a\0b", Err(TextError::InvalidCharacter)),
            ("a b", Ok("a b")),
            // Decomposed and composed forms are the same id.
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
        for blank in ["0", "-1", "null", "NULL", "n/a", "N/A", "-"] {
            assert!(ExternalId::parse(blank).expect("a text").is_blank_like(), "{blank}");
        }
        assert!(!ExternalId::parse("00").expect("a text").is_blank_like());
    }

    #[test]
    fn customer_numbers_compare_without_case() {
        let number = |text| CustomerNumber::parse(text).expect("valid").expect("present");
        assert_eq!(number(" rrm-001 ").for_comparison(), number("RRM-001").for_comparison());
        assert_eq!(CustomerNumber::parse("  "), Ok(None));
    }

    #[test]
    fn text_that_would_turn_around_is_refused_and_arabic_is_not() {
        for wrong in ["\u{202e}nimda", "exe\u{202d}.png"] {
            assert_eq!(line(wrong, 100), Err(TextError::InvalidCharacter), "{wrong:?}");
            assert_eq!(paragraphs(wrong, 100), Err(TextError::InvalidCharacter), "{wrong:?}");
        }
        let arabic = "المصعد \u{2068}REQ-7\u{2069} متوقف\u{200f}";
        assert_eq!(line(arabic, 100).as_deref(), Ok(arabic));
    }

    proptest! {
        #[test]
        fn parsed_lines_have_no_control_characters(text in any::<String>()) {
            if let Ok(parsed) = line(&text, 50) {
                prop_assert!(parsed.chars().all(|character| !character.is_control()));
                prop_assert!(parsed.chars().count() <= 50 && !parsed.is_empty());
                prop_assert_eq!(line(&parsed, 50), Ok(parsed.clone()));
            }
        }
    }
}
