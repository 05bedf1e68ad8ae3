//! Two-factor authentication: parsing of codes from authenticator apps and recovery codes.

/// Number of recovery codes per account.
pub const RECOVERY_CODE_COUNT: usize = 10;
/// Length of a recovery code in characters: 80 bits of entropy, so its hash cannot be brute-forced.
pub const RECOVERY_CODE_CHARS: usize = 16;
/// Characters per displayed group.
const GROUP_CHARS: usize = 4;
/// Alphabet of recovery codes (Crockford base32), without characters that are easily confused.
pub const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Digits of a code from an authenticator app (RFC 4226, RFC 6238).
const APP_DIGITS: usize = 6;

crate::stored_names! {
    /// Role of an account that can be required to use two-factor authentication.
    AccountRole {
        /// Administrators.
        Admin = "admin",
        /// Managers.
        Manager = "manager",
        /// Dispatchers.
        Dispatcher = "dispatcher",
        /// Technicians.
        Technician = "technician",
        /// Auditors.
        Auditor = "auditor",
        /// Users of partners.
        Partner = "partner",
    }
}

/// A code entered by the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypedCode {
    /// Six digits from an authenticator app.
    App(String),
    /// A recovery code in stored form: lowercase letters and digits only.
    Recovery(String),
}

impl TypedCode {
    /// Parses user input; accepts spaces, hyphens, uppercase letters and Arabic-Indic or Persian digits.
    pub fn read(text: &str) -> Option<Self> {
        // Bounds the work for arbitrary input.
        if text.len() > 64 {
            return None;
        }
        let characters: String = text
            .chars()
            .filter(|character| !character.is_whitespace() && *character != '-')
            .map(normalize)
            .collect();
        let is_app = characters.len() == APP_DIGITS && characters.bytes().all(|byte| byte.is_ascii_digit());
        let is_recovery =
            characters.len() == RECOVERY_CODE_CHARS && characters.bytes().all(|byte| RECOVERY_ALPHABET.contains(&byte));
        match (is_app, is_recovery) {
            (true, _) => Some(Self::App(characters)),
            (_, true) => Some(Self::Recovery(characters)),
            _ => None,
        }
    }
}

/// Maps digits of other scripts to ASCII, letters to lowercase, and excluded letters to the digit they resemble.
fn normalize(character: char) -> char {
    let from_zero = |zero: char| {
        (character as u32)
            .checked_sub(zero as u32)
            .filter(|digit| *digit < 10)
            .and_then(|digit| char::from_digit(digit, 10))
    };
    if let Some(digit) = from_zero('٠').or_else(|| from_zero('۰')) {
        return digit;
    }
    match character.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    }
}

/// Encodes random bytes as a recovery code in stored form; uses five bits of each byte.
pub fn recovery_code(random: [u8; RECOVERY_CODE_CHARS]) -> String {
    random
        .iter()
        .map(|byte| char::from(RECOVERY_ALPHABET[usize::from(byte % 32)]))
        .collect()
}

/// Formats a recovery code for display in groups of four.
pub fn format_recovery_code(code: &str) -> String {
    let characters: Vec<char> = code.chars().collect();
    let groups: Vec<String> = characters
        .chunks(GROUP_CHARS)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_code_accepts_common_spellings() {
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
        fn displayed_recovery_code_round_trips(random: [u8; RECOVERY_CODE_CHARS]) {
            let code = recovery_code(random);
            prop_assert_eq!(TypedCode::read(&format_recovery_code(&code)), Some(TypedCode::Recovery(code)));
        }
    }
}
