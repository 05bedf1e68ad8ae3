//! How customers reach the organization.

use domain::branding::OrganisationContact;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::phone::tel_uri;

use crate::icons::Icon;
use crate::word;

/// A telephone number that can be tapped.
#[component]
fn Phone(number: String) -> impl IntoView {
    let text = view! { <bdi dir="ltr">{number.clone()}</bdi> };
    match tel_uri(&number, None, "") {
        Some(href) => view! { <a href=href>{text}</a> }.into_any(),
        None => text.into_any(),
    }
}

#[component]
fn Email(address: String) -> impl IntoView {
    let href = format!("mailto:{address}");
    view! { <a href=href><bdi dir="ltr">{address}</bdi></a> }
}

/// Phone, email, business hours and emergency number on one line; nothing if none is set.
#[component]
pub fn ContactLine(contact: OrganisationContact, locale: Locale) -> impl IntoView {
    if contact.is_empty() {
        return ().into_any();
    }
    let phone = contact.phone.map(|number| view! { <span><Phone number/></span> });
    let email = contact.email.map(|address| view! { <span><Email address/></span> });
    let hours = contact
        .hours
        .map(|hours| view! { <span dir="auto"><bdi>{hours}</bdi></span> });
    let emergency = contact
        .emergency
        .map(|number| view! { <span>{word!(locale, "organisation-emergency")}" "<Phone number/></span> });
    view! { <p class="quiet row" data-testid="organisation-contact"><span>{word!(locale, "organisation-contact")}</span>{phone}{email}{hours}{emergency}</p> }
        .into_any()
}

/// The same as a card; nothing if none is set.
#[component]
pub fn ContactCard(contact: OrganisationContact, locale: Locale) -> impl IntoView {
    if contact.is_empty() {
        return ().into_any();
    }
    let OrganisationContact {
        phone,
        email,
        hours,
        emergency,
        ..
    } = contact;
    let (hours_of_phone, hours) = if phone.is_some() { (hours, None) } else { (None, hours) };
    view! {
        <section class="card call" aria-labelledby="who-to-call" data-testid="who-to-call"><h2 id="who-to-call">{word!(locale, "organisation-call")}</h2>
            {phone.map(|number| view! {
                <div class="call-way"><span class="icon-tile"><Icon name="phone"/></span><p><strong><Phone number/></strong>{hours_of_phone.map(|hours| view! { <span class="quiet"><bdi>{hours}</bdi></span> })}</p></div>
            })}
            {email.map(|address| view! {
                <div class="call-way"><span class="icon-tile"><Icon name="mail"/></span><p><strong><Email address/></strong><span class="quiet">{word!(locale, "organisation-write")}</span></p></div>
            })}
            {hours.map(|hours| view! { <p class="quiet" dir="auto">{hours}</p> })}
            {emergency.map(|number| view! {
                <div class="call-danger"><Icon name="alert"/><p><span>{word!(locale, "organisation-emergency")}</span><strong><Phone number/></strong></p></div>
            })}
        </section>
    }
    .into_any()
}

/// Links to the organization's own pages; nothing if none is set.
#[component]
pub fn LegalLinks(contact: OrganisationContact, locale: Locale) -> impl IntoView {
    let link = |href: Option<String>, text: String| {
        href.map(|href| view! { <a href=href rel="noopener noreferrer">{text}</a> })
    };
    view! {
        {link(contact.privacy, word!(locale, "organisation-privacy"))}
        {link(contact.imprint, word!(locale, "organisation-imprint"))}
    }
}
