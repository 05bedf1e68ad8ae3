//! Terminals: the reduced form they show, and the short codes that users read aloud or type.

use std::sync::LazyLock;

use data_encoding::{Encoding, Specification};

use super::form::{FieldMode, FormField, FormSettings};
use crate::requests::ServiceType;

/// Crockford base32 alphabet in uppercase, without letters that resemble digits.
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of a pairing code in characters, without the hyphen.
pub const PAIRING_CODE_CHARS: usize = 8;
/// Maximum number of fields on a terminal besides service type and description.
pub const MAX_TERMINAL_FIELDS: usize = 2;
/// Length of a tracking token in base64url characters (20 bytes).
pub const TOKEN_CHARS: usize = 27;

static BASE32: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str(ALPHABET);
    specification.encoding().expect("alphabet has 32 different characters")
});

/// Returns the receipt code derived from the hash of the tracking token, such as `K7F-3QP`. It identifies a request in
/// conversation and grants no access.
pub fn receipt_code(token_hash: &[u8]) -> String {
    let mut leading = [0; 4];
    for (byte, value) in leading.iter_mut().zip(token_hash) {
        *byte = *value;
    }
    let text = BASE32.encode(&leading);
    format!("{}-{}", &text[..3], &text[3..6])
}

/// Returns a pairing code for display, such as `K7F3-QP9M`, encoded from five random bytes.
pub fn pairing_code(random: [u8; 5]) -> String {
    let text = BASE32.encode(&random);
    format!("{}-{}", &text[..4], &text[4..])
}

/// Parses a pairing code as typed by users: any case, with or without hyphen and spaces, and with letters that resemble
/// digits.
pub fn read_pairing_code(text: &str) -> Option<String> {
    let normalized: String = text
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .take(PAIRING_CODE_CHARS + 1)
        .map(|character| match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let is_code =
        normalized.len() == PAIRING_CODE_CHARS && normalized.chars().all(|character| ALPHABET.contains(character));
    is_code.then(|| format!("{}-{}", &normalized[..4], &normalized[4..]))
}

/// Returns whether a text has the format of a tracking token.
pub fn is_token(text: &str) -> bool {
    text.len() == TOKEN_CHARS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl FormSettings {
    /// Returns the settings reduced for a terminal: at most two contact fields, because the location is known and the
    /// form must be quick to fill in.
    #[must_use]
    pub fn for_terminal(&self) -> Self {
        let candidates = [FormField::Name, FormField::Phone, FormField::Email];
        let mut fields: Vec<(FormField, FieldMode)> = candidates
            .into_iter()
            .map(|field| (field, self.mode(field)))
            .filter(|(_, mode)| *mode != FieldMode::Off)
            .collect();
        // Required fields take precedence; otherwise the order above applies.
        fields.sort_by_key(|(_, mode)| *mode != FieldMode::Required);
        fields.truncate(MAX_TERMINAL_FIELDS);
        fields.sort();
        Self {
            fields: fields.into_iter().collect(),
            ..self.clone()
        }
    }

    /// Returns the settings for submissions that a terminal queued while offline. The requester has left, so neither
    /// newly required fields nor removed service types reject the submission.
    #[must_use]
    pub fn for_late_terminal(&self) -> Self {
        let mut settings = self.for_terminal();
        for field in [FormField::Name, FormField::Phone, FormField::Email] {
            settings.fields.insert(field, FieldMode::Optional);
        }
        settings.service_types = ServiceType::ALL.to_vec();
        settings
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn codes_of_known_bytes_stay_the_same() {
        assert_eq!(pairing_code([0x3a, 0x5f, 0xff, 0x01, 0x80]), "79FZ-Y0C0");
        assert_eq!(receipt_code(&[0xf0, 0xf1, 0xf2, 0xf3, 0xf4]), "Y3R-Z5W");
    }

    #[test]
    fn for_terminal_keeps_two_fields_and_prefers_required_ones() {
        let with = |fields: &[(FormField, FieldMode)]| FormSettings {
            fields: fields.iter().copied().collect::<BTreeMap<_, _>>(),
            ..FormSettings::default()
        };
        let fields_shown = |fields: &[(FormField, FieldMode)]| -> Vec<FormField> {
            with(fields).for_terminal().fields.into_keys().collect()
        };
        use FieldMode::{Off, Optional, Required};
        use FormField::{Address, Email, Files, Name, Phone};
        assert_eq!(
            fields_shown(&[
                (Name, Optional),
                (Phone, Optional),
                (Email, Required),
                (Address, Required),
                (Files, Optional)
            ]),
            [Name, Email]
        );
        assert_eq!(fields_shown(&[(Name, Off), (Phone, Required)]), [Phone]);
        assert_eq!(fields_shown(&[]), []);
        let offline = with(&[(Name, Required)]).for_late_terminal();
        assert_eq!(
            (offline.mode(Name), offline.mode(Email), offline.mode(Address)),
            (Optional, Optional, Off)
        );
    }

    #[test]
    fn pairing_code_accepts_common_spellings() {
        for (typed, expected) in [
            ("K7F3-QP9M", Some("K7F3-QP9M")),
            ("k7f3qp9m", Some("K7F3-QP9M")),
            (" k7f3 qp9m ", Some("K7F3-QP9M")),
            ("OIL0-0000", Some("0110-0000")),
            ("K7F3-QP9", None),
            ("K7F3-QP9MM", None),
            ("K7F3-QP9U", None),
            ("", None),
            ("ääääääää", None),
        ] {
            assert_eq!(read_pairing_code(typed).as_deref(), expected, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn pairing_code_round_trips(bytes: [u8; 5]) {
            let code = pairing_code(bytes);
            prop_assert_eq!(read_pairing_code(&code), Some(code));
        }

        #[test]
        fn pairing_codes_differ_for_different_bytes(left: [u8; 5], right: [u8; 5]) {
            prop_assert_eq!(left == right, pairing_code(left) == pairing_code(right));
        }

        #[test]
        fn receipt_code_has_fixed_length_for_any_hash(hash in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(receipt_code(&hash).len(), 7);
        }
    }
}
