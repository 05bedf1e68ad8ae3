//! The frame of the portal: branding, navigation and sign-out.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ordinavo_core::branding::BrandedOrganisation;
use ordinavo_core::identity::actors::Contact;
use ui::i18n::shared;
use ui::icons::Icon;
use ui::islands::KeepDrafts;
use ui::organisation::ContactLine;
use ui::shell::locale;
use ui::sign_in_flow::LanguageRow;

use crate::t;

/// Renders the organization's logo and name, or `otherwise` where the organization is not known.
#[component]
fn BrandName(otherwise: String) -> impl IntoView {
    let brand = use_context::<BrandedOrganisation>();
    let logo = brand.as_ref().and_then(|brand| brand.branding.logo.clone());
    let name = brand.map_or(otherwise, |brand| brand.name);
    let logo_view = match logo {
        Some(src) => view! { <img class="portal-logo" src=src alt=""/> }.into_any(),
        None => view! { <span class="brand-mark" aria-hidden="true"></span> }.into_any(),
    };
    view! { <p class="brand">{logo_view}<bdi>{name}</bdi></p> }
}

/// Renders how to reach the organization, where it is known.
#[component]
fn OrganisationContact() -> impl IntoView {
    use_context::<BrandedOrganisation>()
        .map(|brand| view! { <ContactLine contact=brand.branding.contact locale=locale()/> })
}

/// Renders the organization above a page without navigation.
#[component]
pub fn DoorBrand(otherwise: String) -> impl IntoView {
    view! { <BrandName otherwise/><OrganisationContact/> }
}

/// Renders navigation and content. `current` is the navigation entry of the page, for `aria-current`.
#[component]
pub fn AppFrame(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let contact = use_context::<Contact>();
    let is_view_as = contact.as_ref().is_some_and(Contact::is_impersonated);
    let (tenant, person) = contact.map_or_else(Default::default, |contact| {
        (contact.tenant_name().to_owned(), contact.display_name().to_owned())
    });
    let entries = [
        ("/portal", "home", t!(locale, "nav-home")),
        ("/portal/in-progress", "list", t!(locale, "nav-in-progress")),
        ("/portal/requests", "inbox", t!(locale, "nav-requests")),
        ("/portal/appointments", "calendar", t!(locale, "nav-appointments")),
        ("/portal/reports", "clipboard", t!(locale, "nav-reports")),
        ("/portal/timeline", "history", t!(locale, "nav-timeline")),
    ];
    // Changing the language keeps the visitor on the page.
    let path = use_location().pathname.get_untracked();
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        {is_view_as.then(|| view! {
            <div class="look" role="note"><p>{t!(locale, "view-as-banner", name = person.clone())}</p>
                <form method="post" action="/portal/fn/sign-out"><button class="button" type="submit">{t!(locale, "view-as-exit")}</button></form></div>
        })}
        <header class="top">
            <BrandName otherwise=tenant/>
            <form method="post" action="/portal/fn/sign-out"><a class="quiet" href="/portal/profile" aria-current={(current == "/portal/profile").then_some("page")}><bdi>{person}</bdi></a><button class="button button-quiet" type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button></form>
        </header>
        <nav class="top-nav" aria-label=t!(locale, "nav-main")>
            <ul>{entries.into_iter().map(|(href, icon, label)| {
                let is_current = (href == current).then_some("page");
                view! { <li><a href=href aria-current=is_current><Icon name=icon/><span>{label}</span></a></li> }
            }).collect_view()}</ul>
        </nav>
        {(!is_view_as).then(|| view! { <KeepDrafts/> })}
        <main id="main" class="column" tabindex="-1">{children()}</main>
        <footer class="column"><OrganisationContact/><LanguageRow locale action="/portal/fn/language" back=path/></footer>
    }
}
