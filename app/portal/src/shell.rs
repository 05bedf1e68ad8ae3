//! The frame of the portal: the organisation's name, six ways to go, and nothing of the staff app.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ordinavo_core::branding::Brand;
use ordinavo_core::identity::actors::Contact;
use ui::door::LanguageRow;
use ui::icons::Icon;
use ui::shell::locale;
use ui::words::shared;

use crate::t;

/// The organisation's logo and name; where it is not known, what this is.
#[component]
pub fn BrandName(otherwise: String) -> impl IntoView {
    let brand = use_context::<Brand>();
    let logo = brand.as_ref().and_then(|brand| brand.look.logo.clone());
    let name = brand.map_or(otherwise, |brand| brand.name);
    let mark = match logo {
        Some(address) => view! { <img class="portal-logo" src=address alt=""/> }.into_any(),
        None => view! { <span class="brand-mark" aria-hidden="true"></span> }.into_any(),
    };
    view! { <p class="brand">{mark}<bdi>{name}</bdi></p> }
}

/// Navigation and content. `current` is the entry of the page, for `aria-current`.
#[component]
pub fn Framed(current: &'static str, children: Children) -> impl IntoView {
    let locale = locale();
    let contact = use_context::<Contact>();
    let looked_at = contact.as_ref().is_some_and(Contact::is_looked_at);
    let (tenant, person) = contact.map_or_else(Default::default, |contact| {
        (contact.tenant_name().to_owned(), contact.display_name().to_owned())
    });
    let entries = [
        ("/portal", "home", t!(locale, "nav-home")),
        ("/portal/open", "list", t!(locale, "nav-in-progress")),
        ("/portal/requests", "inbox", t!(locale, "nav-requests")),
        ("/portal/appointments", "calendar", t!(locale, "nav-appointments")),
        ("/portal/reports", "clipboard", t!(locale, "nav-reports")),
        ("/portal/timeline", "history", t!(locale, "nav-timeline")),
    ];
    // Whoever chooses another language stays where they are.
    let here = use_location().pathname.get_untracked();
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        {looked_at.then(|| view! {
            <div class="look" role="note"><p>{t!(locale, "view-as-banner", name = person.clone())}</p>
                <form method="post" action="/portal/fn/sign-out"><button class="button" type="submit">{t!(locale, "view-as-exit")}</button></form></div>
        })}
        <header class="top">
            <BrandName otherwise=tenant/>
            <form method="post" action="/portal/fn/sign-out"><a class="quiet" href="/portal/profile" aria-current={(current == "/portal/profile").then_some("page")}><bdi>{person}</bdi></a><button class="button button-quiet" type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button></form>
        </header>
        <nav class="top-nav" aria-label=t!(locale, "nav-main")>
            <ul>{entries.into_iter().map(|(href, icon, words)| {
                let here = (href == current).then_some("page");
                view! { <li><a href=href aria-current=here><Icon name=icon/><span>{words}</span></a></li> }
            }).collect_view()}</ul>
        </nav>
        <main id="main" class="column" tabindex="-1">{children()}</main>
        <footer class="column"><LanguageRow locale action="/portal/fn/language" back=here/></footer>
    }
}
