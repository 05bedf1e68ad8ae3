//! How customers reach the organization.

use domain::branding::OrganisationContact;
use domain::locale::Locale;
use leptos::prelude::*;

use crate::word;

/// Phone, email and business hours on one line; nothing if none is set.
#[component]
pub fn ContactLine(contact: OrganisationContact, locale: Locale) -> impl IntoView {
    if contact.is_empty() {
        return ().into_any();
    }
    let OrganisationContact { phone, email, hours } = contact;
    let phone = phone.map(|phone| {
        let href = phone_link(&phone);
        view! { <span><a href=href><bdi dir="ltr">{phone}</bdi></a></span> }
    });
    let email = email.map(|email| {
        let href = format!("mailto:{email}");
        view! { <span><a href=href><bdi dir="ltr">{email}</bdi></a></span> }
    });
    let hours = hours.map(|hours| view! { <span dir="auto"><bdi>{hours}</bdi></span> });
    view! { <p class="quiet row" data-testid="organisation-contact"><span>{word!(locale, "organisation-contact")}</span>{phone}{email}{hours}</p> }
        .into_any()
}

/// Returns the link that dials a number: its digits and a leading plus.
fn phone_link(phone: &str) -> String {
    let digits: String = phone
        .chars()
        .filter(|character| character.is_ascii_digit() || matches!(character, '+' | '*' | '#'))
        .collect();
    format!("tel:{digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_link_contains_digits_and_plus_only() {
        assert_eq!(phone_link("+49 (0)201 / 12-34"), "tel:+4902011234");
    }
}
