//! Drafts: what a person has typed into a form of an app and not sent. They are kept per person, page and form.

use std::collections::BTreeMap;

/// Maximum number of characters of the path of a page.
pub const MAX_PAGE_CHARS: usize = 300;
/// Maximum number of characters of the name of a form.
pub const MAX_FORM_CHARS: usize = 60;
/// Maximum number of fields.
pub const MAX_FIELDS: usize = 256;
/// Maximum number of characters of all values together; more than any form accepts.
pub const MAX_CHARS: usize = 64_000;
/// Number of drafts kept per person; the oldest ones are deleted first.
pub const MAX_PER_PERSON: i64 = 200;
/// Number of days after which an untouched draft is deleted.
pub const RETENTION_DAYS: i64 = 30;

/// The form that a draft belongs to: the path of its page, without query, and its name on that page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftKey {
    page: String,
    form: String,
}

impl DraftKey {
    /// Creates a key from the address of a page and the name of a form. Returns `None` if either cannot be one.
    pub fn new(address: &str, form: &str) -> Option<Self> {
        let page = page_of(address)?;
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        let is_form = !form.is_empty() && form.len() <= MAX_FORM_CHARS && form.chars().all(is_name);
        is_form.then(|| Self {
            page: page.to_owned(),
            form: form.to_owned(),
        })
    }

    /// Creates the key of a form that a page shows for several records, or for one that its path does not name.
    pub fn of_item(address: &str, form: &str, item: &str) -> Option<Self> {
        if form.is_empty() {
            return None;
        }
        Self::new(address, &form_of_item(form, item))
    }

    /// Returns the path of the page.
    pub fn page(&self) -> &str {
        &self.page
    }

    /// Returns the name of the form.
    pub fn form(&self) -> &str {
        &self.form
    }
}

/// Returns the name of a form with the record that it is about; the name alone where the page is about one record.
pub fn form_of_item(form: &str, item: &str) -> String {
    if item.is_empty() {
        form.to_owned()
    } else {
        format!("{form}-{item}")
    }
}

/// Returns the path of an address of an app, without query and fragment.
pub fn page_of(address: &str) -> Option<&str> {
    let page = address.split(['?', '#']).next().unwrap_or_default();
    let is_page =
        page.starts_with('/') && page.len() <= MAX_PAGE_CHARS && page.bytes().all(|byte| byte.is_ascii_graphic());
    is_page.then_some(page)
}

/// Returns the values that a draft keeps: within the limits, and without characters that no text may contain. Returns
/// `None` if nothing was typed.
pub fn kept_values(values: BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let mut remaining = MAX_CHARS;
    let mut kept = BTreeMap::new();
    for (name, value) in values.into_iter().take(MAX_FIELDS) {
        let is_name = name.len() <= MAX_FORM_CHARS && !name.chars().any(char::is_control);
        if !is_name {
            continue;
        }
        let value: String = value
            .chars()
            .filter(|character| *character != '\0')
            .take(remaining)
            .collect();
        remaining -= value.chars().count();
        kept.insert(name, value);
    }
    kept.values().any(|value| !value.trim().is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_key_accepts_only_pages_and_names() {
        let long = format!("/{}", "a".repeat(MAX_PAGE_CHARS));
        let cases = [
            ("/app/inbox/req_1?view=mine#note", "note", Some("/app/inbox/req_1")),
            ("/app/inbox", "quick_note", Some("/app/inbox")),
            ("app/inbox", "note", None),
            ("", "note", None),
            (long.as_str(), "note", None),
            ("/app/in box", "note", None),
            ("/app/inbox", "", None),
            ("/app/inbox", "a b", None),
        ];
        for (address, form, expected) in cases {
            let key = DraftKey::new(address, form);
            assert_eq!(key.as_ref().map(DraftKey::page), expected, "{address} {form}");
        }
    }

    #[test]
    fn kept_values_stay_within_limits() {
        let of = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect()
        };
        assert_eq!(kept_values(of(&[])), None);
        assert_eq!(kept_values(of(&[("text", " \n")])), None);
        assert_eq!(kept_values(of(&[("text", "a\0b")])), Some(of(&[("text", "ab")])));
        let long = "ä".repeat(MAX_CHARS);
        let kept = kept_values(of(&[("a", &long), ("b", "rest")])).unwrap_or_default();
        assert_eq!(
            kept.values().map(|value| value.chars().count()).sum::<usize>(),
            MAX_CHARS
        );
    }
}
