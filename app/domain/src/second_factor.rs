//! The second step of signing in: what a person types there, and how a recovery code looks.

/// How many recovery codes there are at once.
pub const RECOVERY_CODES: usize = 10;
/// How many letters a recovery code has: eighty bits, so that a hash of it tells nothing.
pub const RECOVERY_LETTERS: usize = 16;
/// How many of them stand together.
const GROUP: usize = 4;
/// The letters of recovery codes; none can be taken for another one.
pub const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// How many digits an app shows (RFC 4226, RFC 6238).
const APP_DIGITS: usize = 6;

/// What was typed as a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedCode {
    /// Six digits from the app.
    App(String),
    /// A recovery code, as it is kept: small letters and digits only.
    Recovery(String),
}

impl TypedCode {
    /// Reads a code as people type it: with blanks and dashes, in capital letters, in the digits of their keyboard.
    pub fn read(text: &str) -> Option<Self> {
        // More than anybody types, and not more work than it is worth.
        if text.len() > 64 {
            return None;
        }
        let letters: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && *letter != '-')
            .map(plain)
            .collect();
        let is_app = letters.len() == APP_DIGITS && letters.bytes().all(|byte| byte.is_ascii_digit());
        let is_recovery =
            letters.len() == RECOVERY_LETTERS && letters.bytes().all(|byte| RECOVERY_ALPHABET.contains(&byte));
        match (is_app, is_recovery) {
            (true, _) => Some(Self::App(letters)),
            (_, true) => Some(Self::Recovery(letters)),
            _ => None,
        }
    }
}

/// Digits of other scripts as ASCII digits, letters small, and the letters that are not used as those that look like them.
fn plain(letter: char) -> char {
    let from_zero = |zero: char| {
        (letter as u32)
            .checked_sub(zero as u32)
            .filter(|digit| *digit < 10)
            .and_then(|digit| char::from_digit(digit, 10))
    };
    if let Some(digit) = from_zero('٠').or_else(|| from_zero('۰')) {
        return digit;
    }
    match letter.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    }
}

/// A recovery code as it is kept: five bits of each byte a letter.
pub fn recovery_code(random: [u8; RECOVERY_LETTERS]) -> String {
    random
        .iter()
        .map(|byte| char::from(RECOVERY_ALPHABET[usize::from(byte % 32)]))
        .collect()
}

/// A recovery code as it is shown: groups of four.
pub fn shown(code: &str) -> String {
    let letters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let app = |text: &str| Some(TypedCode::App(text.to_owned()));
        let recovery = |text: &str| Some(TypedCode::Recovery(text.to_owned()));
        for (typed, expected) in [
            ("123456", app("123456")),
            (" 123 456\n", app("123456")),
            ("١٢٣٤٥٦", app("123456")),
            ("۱۲۳۴۵۶", app("123456")),
            ("12345", None),
            ("1234567", None),
            ("abcd-efgh-0123-jkmn", recovery("abcdefgh0123jkmn")),
            ("ABCD EFGH 0123 JKMN", recovery("abcdefgh0123jkmn")),
            ("OIL4567890abcdef", recovery("0114567890abcdef")),
            ("abcd-efgh-0123-jkm", None),
            ("abcd-efgh-0123-jkmu", None),
            ("", None),
            ("😀😀😀😀😀😀", None),
        ] {
            assert_eq!(TypedCode::read(typed), expected, "{typed}");
        }
        assert_eq!(TypedCode::read(&"1".repeat(65)), None);
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(random: [u8; RECOVERY_LETTERS]) {
            let code = recovery_code(random);
            prop_assert_eq!(TypedCode::read(&shown(&code)), Some(TypedCode::Recovery(code)));
        }
    }
}
