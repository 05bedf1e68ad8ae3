//! How customers reach the organization.

use domain::branding::OrganisationContact;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::phone::tel_uri;

use crate::word;

/// Phone, email and business hours on one line; nothing if none is set.
#[component]
pub fn ContactLine(contact: OrganisationContact, locale: Locale) -> impl IntoView {
    if contact.is_empty() {
        return ().into_any();
    }
    let OrganisationContact { phone, email, hours } = contact;
    let phone = phone.map(|phone| {
        let number = view! { <bdi dir="ltr">{phone.clone()}</bdi> };
        match tel_uri(&phone, None, "") {
            Some(href) => view! { <span><a href=href>{number}</a></span> }.into_any(),
            None => view! { <span>{number}</span> }.into_any(),
        }
    });
    let email = email.map(|email| {
        let href = format!("mailto:{email}");
        view! { <span><a href=href><bdi dir="ltr">{email}</bdi></a></span> }
    });
    let hours = hours.map(|hours| view! { <span dir="auto"><bdi>{hours}</bdi></span> });
    view! { <p class="quiet row" data-testid="organisation-contact"><span>{word!(locale, "organisation-contact")}</span>{phone}{email}{hours}</p> }
        .into_any()
}
