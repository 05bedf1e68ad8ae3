//! Short names in addresses, such as `nordwind-service`.

use unicode_normalization::UnicodeNormalization as _;

/// The most characters of a short name.
pub const MAX_SLUG: usize = 40;

/// Returns whether a text is a short name: lowercase letters of ASCII, digits and hyphens.
pub fn is_slug(text: &str) -> bool {
    (1..=MAX_SLUG).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns the short name of an organization; empty if its name has no letter or digit that can be one of ASCII.
pub fn from_name(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.nfc().flat_map(char::to_lowercase) {
        match letter {
            'ä' => slug.push_str("ae"),
            'ö' | 'œ' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            'æ' => slug.push_str("ae"),
            'ß' => slug.push_str("ss"),
            'ø' => slug.push('o'),
            'ł' => slug.push('l'),
            'đ' => slug.push('d'),
            _ => {
                // The letter without its marks.
                let base = std::iter::once(letter).nfd().next().unwrap_or(letter);
                if base.is_ascii_alphanumeric() {
                    slug.push(base);
                } else if !slug.is_empty() && !slug.ends_with('-') && base != '\'' && base != '’' {
                    slug.push('-');
                }
            }
        }
    }
    slug.truncate(MAX_SLUG);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_name_keeps_letters_that_ascii_has() {
        for (name, slug) in [
            ("Nordwind Service", "nordwind-service"),
            ("Müller & Söhne GmbH", "mueller-soehne-gmbh"),
            ("  Café “Été” 24/7 ", "cafe-ete-24-7"),
            ("O'Neill’s Heating", "oneills-heating"),
            ("Gaß-Ørsted Łódź", "gass-orsted-lodz"),
            ("شركة التبريد", ""),
            ("شركة Cool", "cool"),
            ("", ""),
        ] {
            assert_eq!(from_name(name), slug, "{name}");
            assert!(slug.is_empty() || is_slug(slug));
        }
        let long = from_name(&"Very long name ".repeat(9));
        assert!(is_slug(&long) && !long.ends_with('-'), "{long}");
    }

    #[test]
    fn is_slug_other_characters_or_lengths_is_false() {
        for text in ["", "Nordwind", "nord wind", "nördwind", "a_b"] {
            assert!(!is_slug(text), "{text}");
        }
        assert!(!is_slug(&"a".repeat(MAX_SLUG + 1)));
    }
}
