//! Terminals: what one asks, and the short codes that people read from a screen and say or type.

use super::form::{FieldMode, FormField, FormSettings};
use crate::requests::ServiceType;

/// Crockford's alphabet in upper case: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many letters a pairing code has.
pub const PAIRING_LETTERS: usize = 8;
/// How many fields a terminal asks for besides what is needed.
pub const MOST_TERMINAL_FIELDS: usize = 2;
/// The length of a tracking token, in characters of base64url: 20 bytes.
pub const TOKEN_LETTERS: usize = 27;

/// Letters of five bits each.
fn letters(bytes: &[u8], count: usize) -> String {
    let mut bits: u64 = 0;
    let mut have = 0;
    let mut text = String::with_capacity(count);
    let mut bytes = bytes.iter();
    while text.len() < count {
        if have < 5 {
            bits = (bits << 8) | u64::from(bytes.next().copied().unwrap_or_default());
            have += 8;
        }
        have -= 5;
        text.push(char::from(
            ALPHABET[usize::try_from((bits >> have) & 31).unwrap_or_default()],
        ));
    }
    text
}

/// The code on a receipt, made of the hash of the tracking token: `K7F-3QP`. People quote it; it opens nothing.
pub fn receipt_code(token_hash: &[u8]) -> String {
    let text = letters(token_hash, 6);
    format!("{}-{}", &text[..3], &text[3..])
}

/// A pairing code made of five random bytes, as it is shown: `K7F3-QP9M`.
pub fn pairing_code(random: [u8; 5]) -> String {
    let text = letters(&random, PAIRING_LETTERS);
    format!("{}-{}", &text[..4], &text[4..])
}

/// Reads a pairing code as people type it: any case, with or without hyphen and spaces, with the letters that look like
/// digits.
pub fn read_pairing_code(text: &str) -> Option<String> {
    let plain: String = text
        .chars()
        .filter(|character| !character.is_whitespace() && *character != '-')
        .take(PAIRING_LETTERS + 1)
        .map(|character| match character.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    let is_code = plain.len() == PAIRING_LETTERS && plain.bytes().all(|byte| ALPHABET.contains(&byte));
    is_code.then(|| format!("{}-{}", &plain[..4], &plain[4..]))
}

/// Whether a text has the form of a tracking token.
pub fn is_token(text: &str) -> bool {
    text.len() == TOKEN_LETTERS
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl FormSettings {
    /// The form as a terminal shows it: description and at most two fields, since its place is known and people stand.
    #[must_use]
    pub fn for_terminal(&self) -> Self {
        let candidates = [FormField::Name, FormField::Phone, FormField::Email];
        let mut fields: Vec<(FormField, FieldMode)> = candidates
            .into_iter()
            .map(|field| (field, self.mode(field)))
            .filter(|(_, mode)| *mode != FieldMode::Off)
            .collect();
        // What is required comes first, otherwise in the order above.
        fields.sort_by_key(|(_, mode)| *mode != FieldMode::Required);
        fields.truncate(MOST_TERMINAL_FIELDS);
        fields.sort();
        Self {
            fields: fields.into_iter().collect(),
            ..self.clone()
        }
    }

    /// Like [`Self::for_terminal`], for what a terminal kept while it had no connection: the person has left, so a field
    /// that has become required since, or a kind of service that is no longer offered, refuses nothing.
    #[must_use]
    pub fn for_late_terminal(&self) -> Self {
        let mut late = self.for_terminal();
        for field in [FormField::Name, FormField::Phone, FormField::Email] {
            late.fields.insert(field, FieldMode::Optional);
        }
        late.service_types = ServiceType::ALL.to_vec();
        late
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_terminal_asks_for_two_fields_at_most_and_what_is_required_first() {
        let with = |fields: &[(FormField, FieldMode)]| FormSettings {
            fields: fields.iter().copied().collect::<BTreeMap<_, _>>(),
            ..FormSettings::default()
        };
        let asked = |fields: &[(FormField, FieldMode)]| -> Vec<FormField> {
            with(fields).for_terminal().fields.into_keys().collect()
        };
        use FieldMode::{Off, Optional, Required};
        use FormField::{Address, Email, Files, Name, Phone};
        assert_eq!(
            asked(&[
                (Name, Optional),
                (Phone, Optional),
                (Email, Required),
                (Address, Required),
                (Files, Optional)
            ]),
            [Name, Email]
        );
        assert_eq!(asked(&[(Name, Off), (Phone, Required)]), [Phone]);
        assert_eq!(asked(&[]), []);
        let late = with(&[(Name, Required)]).for_late_terminal();
        assert_eq!(
            (late.mode(Name), late.mode(Email), late.mode(Address)),
            (Optional, Optional, Off)
        );
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        for (typed, read) in [
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
            assert_eq!(read_pairing_code(typed).as_deref(), read, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(bytes: [u8; 5]) {
            let code = pairing_code(bytes);
            prop_assert_eq!(read_pairing_code(&code), Some(code));
        }

        #[test]
        fn other_bytes_give_other_codes(left: [u8; 5], right: [u8; 5]) {
            prop_assert_eq!(left == right, pairing_code(left) == pairing_code(right));
        }

        #[test]
        fn a_receipt_code_is_short_and_never_panics(hash in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(receipt_code(&hash).len(), 7);
        }
    }
}
