//! The frame of the portal: branding, navigation, the menu of the account and how to reach the organization.

use domain::branding::OrganisationContact;
use domain::locale::Locale;
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ordinavo_core::Core;
use ordinavo_core::branding::BrandedOrganisation;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::pages;
use ui::drafts::DiscardDraftForm;
use ui::format;
use ui::i18n::shared;
use ui::icons::Icon;
use ui::islands::KeepDrafts;
use ui::organisation::{ContactLine, LegalLinks};
use ui::shell::locale;
use ui::sign_in_flow::LanguageRow;

use crate::t;

const NEW_REQUEST: &str = "/portal/requests/new";

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

/// Returns how to reach the organization; empty where it is not known.
pub(crate) fn organisation_contact() -> OrganisationContact {
    use_context::<BrandedOrganisation>().map_or_else(Default::default, |brand| brand.branding.contact)
}

/// Renders the organization above a page without navigation.
#[component]
pub fn DoorBrand(otherwise: String) -> impl IntoView {
    view! { <BrandName otherwise/><ContactLine contact=organisation_contact() locale=locale()/> }
}

/// The link to the form of a new request, for users who may submit one.
#[component]
fn NewRequestLink(class: &'static str, label: String, is_current: bool) -> impl IntoView {
    let (core, contact) = (use_context::<Core>()?, use_context::<Contact>()?);
    let link = async move {
        let may = pages::capabilities(&core, &contact).await;
        may.is_ok_and(|may| may.submit).then(|| {
            view! { <a class=class href=NEW_REQUEST aria-current=is_current.then_some("page")><span class="new-mark"><Icon name="plus"/></span><span>{label}</span></a> }
        })
    };
    Some(view! { <Suspense>{Suspend::new(link)}</Suspense> })
}

/// Profile, colleagues, languages and sign-out.
#[component]
fn AccountMenu(person: String, current: &'static str, locale: Locale) -> impl IntoView {
    let entries = [
        ("/portal/profile", "user", t!(locale, "nav-profile")),
        ("/portal/colleagues", "users", t!(locale, "colleagues-title")),
        ("/portal/follow-ups", "flag", t!(locale, "follow-ups")),
    ];
    view! {
        <details class="menu account">
            <summary><span class="avatar avatar-person" aria-hidden="true">{format::initials(&person)}</span><span class="hidden">{t!(locale, "account-menu")}</span><Icon name="chevron-down"/></summary>
            <div class="menu-list">
                <p class="quiet"><bdi>{person}</bdi></p>
                {entries.into_iter().map(|(href, icon, label)| {
                    view! { <a href=href aria-current=(href == current).then_some("page")><Icon name=icon/>{label}</a> }
                }).collect_view()}
                <form method="post" action="/portal/fn/sign-out"><button type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button></form>
            </div>
        </details>
    }
}

/// The bar at the bottom of phones.
#[component]
fn TabBar(current: &'static str, locale: Locale) -> impl IntoView {
    let entry = move |href: &'static str, icon: &'static str, label: String| {
        view! { <li><a href=href aria-current=(href == current).then_some("page")><Icon name=icon/><span>{label}</span></a></li> }
    };
    let more = [
        ("/portal/reports", "file-text", t!(locale, "nav-reports")),
        ("/portal/timeline", "history", t!(locale, "nav-timeline")),
        ("/portal/follow-ups", "flag", t!(locale, "follow-ups")),
        ("/portal/colleagues", "users", t!(locale, "colleagues-title")),
        ("/portal/profile", "user", t!(locale, "nav-profile")),
    ];
    view! {
        <nav class="tab-bar" aria-label=t!(locale, "nav-phone")>
            <ul>
                {entry("/portal", "home", t!(locale, "nav-home"))}
                {entry("/portal/requests", "inbox", t!(locale, "nav-requests"))}
                <li class="tab-new"><NewRequestLink class="" label=t!(locale, "nav-new") is_current=current == NEW_REQUEST/></li>
                {entry("/portal/appointments", "calendar", t!(locale, "nav-appointments"))}
                <li><details class="menu"><summary aria-current=more.iter().any(|(href, ..)| *href == current).then_some("page")><Icon name="ellipsis"/><span>{t!(locale, "nav-more")}</span></summary>
                    <div class="menu-list">
                        {more.into_iter().map(|(href, icon, label)| view! { <a href=href><Icon name=icon/>{label}</a> }).collect_view()}
                        <form method="post" action="/portal/fn/sign-out"><button type="submit"><Icon name="log-out"/>{shared::sign_out(locale)}</button></form>
                    </div>
                </details></li>
            </ul>
        </nav>
    }
}

/// The number of the organization and its own pages at the end of every page.
#[component]
fn Foot(locale: Locale) -> impl IntoView {
    // Changing the language keeps the visitor on the page.
    let path = use_location().pathname.get_untracked();
    let contact = organisation_contact();
    view! {
        <footer class="foot"><div class="page">
            <ContactLine contact=contact.clone() locale/>
            <div class="foot-end"><LegalLinks contact locale/><LanguageRow locale action="/portal/fn/language" back=path/></div>
        </div></footer>
    }
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
        ("/portal", t!(locale, "nav-home")),
        ("/portal/requests", t!(locale, "nav-requests")),
        ("/portal/appointments", t!(locale, "nav-appointments")),
        ("/portal/reports", t!(locale, "nav-reports")),
        ("/portal/timeline", t!(locale, "nav-timeline")),
    ];
    view! {
        <a class="skip" href="#main">{shared::skip_to_content(locale)}</a>
        {is_view_as.then(|| view! {
            <div class="look" role="note"><p>{t!(locale, "view-as-banner", name = person.clone())}</p>
                <form method="post" action="/portal/fn/sign-out"><button class="button" type="submit">{t!(locale, "view-as-exit")}</button></form></div>
        })}
        <header class="top"><div class="page">
            <BrandName otherwise=tenant/>
            <nav class="top-nav" aria-label=t!(locale, "nav-main")>
                <ul>{entries.into_iter().map(|(href, label)| {
                    view! { <li><a href=href aria-current=(href == current).then_some("page")>{label}</a></li> }
                }).collect_view()}</ul>
            </nav>
            <div class="top-end">
                <NewRequestLink class="button button-soft" label=t!(locale, "new-request") is_current=current == NEW_REQUEST/>
                <AccountMenu person current locale/>
            </div>
        </div></header>
        {(!is_view_as).then(|| view! { <KeepDrafts/><DiscardDraftForm/> })}
        <main id="main" class="page" tabindex="-1">{children()}</main>
        <Foot locale/>
        <TabBar current locale/>
    }
}
