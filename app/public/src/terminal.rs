//! The terminal on site: large tiles, at most three fields, a language on every screen, a receipt.

use std::sync::Arc;

use domain::intake::form::{FieldMode, FormField, FormSettings, FormTexts};
use domain::locale::Locale;
use domain::public_words::OwnWords;
use domain::requests::ServiceType;
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::forms::{ErrorSummary, FormState, TextArea, TextField};
use ui::icons::Icon;
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::t;

/// The form's name on its page.
pub const FORM: &str = "terminal";
/// The name of the form that pairs a device.
pub const PAIR: &str = "pair";

/// What a terminal shows.
#[derive(Clone)]
pub struct TerminalPage {
    /// The organisation's name.
    pub tenant: String,
    /// Its own words.
    pub words: Arc<OwnWords>,
    /// Where it stands.
    pub location: String,
    /// The form, as far as a terminal shows it.
    pub settings: FormSettings,
    /// What the form says.
    pub texts: FormTexts,
    /// Makes a repetition recognisable.
    pub nonce: String,
    /// The terminal's id: what is written here belongs to it.
    pub terminal: String,
    /// What was typed before and what was wrong with it.
    pub form: FormState,
    /// The language.
    pub locale: Locale,
}

/// What a receipt shows.
#[derive(Clone)]
pub struct Receipt {
    /// The organisation's name.
    pub tenant: String,
    /// The short code.
    pub code: String,
    /// The tracking link as a picture; empty for none.
    pub picture: String,
    /// The language.
    pub locale: Locale,
}

/// The organisation's name and the languages, on every screen.
#[component]
fn Top(tenant: String, place: String, locale: Locale) -> impl IntoView {
    view! {
        <header class="terminal-top">
            <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
            {(!place.is_empty()).then(|| view! { <p class="quiet"><bdi>{place}</bdi></p> })}
            <nav class="languages" aria-label=ui::words::shared::language(locale)>{Locale::ALL.into_iter().map(|other| {
                let here = (other == locale).then_some("true");
                view! { <a class="button" href=format!("/terminal?lang={}", other.tag()) lang=other.tag() hreflang=other.tag() aria-current=here>{other.own_name()}</a> }
            }).collect_view()}</nav>
        </header>
    }
}

/// What runs in the page, allowed by the nonce of this answer.
#[component]
fn Keeper() -> impl IntoView {
    view! { <script src="/terminal/keeper.js" defer nonce=use_nonce()></script> }
}

/// Says that the page will clear itself. Touching anything keeps it.
#[component]
fn Rest(locale: Locale) -> impl IntoView {
    view! {
        <div class="rest" role="alert" data-rest="" hidden><p>{t!(locale, "idle-warning")}</p><button class="button button-primary button-large" type="button">{t!(locale, "idle-continue")}</button></div>
    }
}

const fn icon(kind: ServiceType) -> &'static str {
    match kind {
        ServiceType::Repair => "wrench",
        ServiceType::Maintenance => "refresh",
        ServiceType::Inspection => "check",
        ServiceType::Installation => "plus",
        ServiceType::Support => "help",
    }
}

/// `/terminal` of a paired device. Tiles and fields are one form, which works without any script: choosing a tile shows
/// the fields.
pub fn page(assets: &Assets, page: TerminalPage) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = page.locale;
    let chosen = page.form.value("service_type", "");
    let TerminalPage {
        tenant,
        location,
        settings,
        texts,
        nonce,
        terminal,
        form,
        words: own,
        ..
    } = page;
    shell::document_in(locale, App::Intake, assets, move || {
        let tiles = settings.service_types.clone();
        let optional = |field: FormField| settings.mode(field) != FieldMode::Required;
        let has = |field: FormField| settings.mode(field) != FieldMode::Off;
        let field = |which: FormField| {
            let form = form.clone();
            let optional = optional(which);
            has(which).then(|| match which {
                FormField::Phone => view! { <TextField form field="phone" kind="tel" label=t!(locale, "phone") optional autocomplete="off"/> }.into_any(),
                FormField::Email => view! { <TextField form field="email" kind="email" label=t!(locale, "email") optional autocomplete="off"/> }.into_any(),
                _ => view! { <TextField form field="name" label=t!(locale, "name") optional autocomplete="off"/> }.into_any(),
            })
        };
        let fields = [FormField::Name, FormField::Phone, FormField::Email].map(field);
        view! {
            <Title text=texts.title.clone()/>
            <div class="terminal" data-terminal="form">
                <Top tenant=tenant.clone() place=location locale/>
                <main id="main" tabindex="-1">
                    <form method="post" action=format!("/terminal/requests?lang={}", locale.tag()) autocomplete="off">
                        <input type="hidden" name="nonce" value=nonce/>
                        <input type="hidden" name="terminal" value=terminal/>
                        <h1 class="first-step">{texts.title.clone()}</h1>
                        {(!texts.intro.is_empty()).then(|| view! { <p class="lead first-step">{texts.intro}</p> })}
                        <fieldset class="tiles"><legend class="hidden">{t!(locale, "request-service")}</legend>
                            {tiles.into_iter().map(|kind| {
                                let id = format!("tile-{}", kind.name());
                                let words = own.service_type(kind, locale);
                                let checked = kind.name() == chosen;
                                view! { <div class="tile"><input type="radio" id=id.clone() name="service_type" value=kind.name() checked=checked required/><label for=id><Icon name=icon(kind)/><span>{words}</span></label></div> }
                            }).collect_view()}
                        </fieldset>
                        <div class="second-step">
                            <ErrorSummary form=form.clone()/>
                            <TextArea form=form.clone() field="description" label=t!(locale, "description") rows=4/>
                            {fields.into_iter().collect_view()}
                            <p class="help">{t!(locale, "privacy", tenant = tenant)}</p>
                            <div class="terminal-acts">
                                <button class="button button-large" type="reset">{t!(locale, "terminal-back")}</button>
                                <button class="button button-primary button-large" type="submit">{t!(locale, "send")}</button>
                            </div>
                        </div>
                    </form>
                    <p class="notice" role="status" data-waiting=t!(locale, "terminal-unsent") hidden></p>
                    <Rest locale/>
                </main>
                <Keeper/>
            </div>
        }
    })
}

/// What stands on the screen once something was sent.
pub fn receipt(assets: &Assets, receipt: Receipt) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = receipt.locale;
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "receipt-title")/>
            <div class="terminal" data-terminal="receipt">
                <Top tenant=receipt.tenant place=String::new() locale/>
                <main id="main" tabindex="-1" class="receipt" data-sent="yes">
                    <h1><span class="receipt-sent">{t!(locale, "receipt-title")}</span><span class="receipt-later">{t!(locale, "receipt-offline-title")}</span></h1>
                    <p class="lead receipt-later">{t!(locale, "receipt-offline-text")}</p>
                    <p class="receipt-code"><span class="quiet">{t!(locale, "receipt-code")}</span><bdi class="mono" dir="ltr">{receipt.code}</bdi></p>
                    <div class="qr" role="img" aria-label=t!(locale, "receipt-qr-code") inner_html=receipt.picture></div>
                    <p class="lead">{t!(locale, "receipt-text")}</p>
                    <p><a class="button button-primary button-large" href=format!("/terminal?lang={}", locale.tag())>{t!(locale, "receipt-done")}</a></p>
                    <Rest locale/>
                </main>
                // With a script, the keeper clears the page, and asks first.
                <noscript><meta http-equiv="refresh" content="60;url=/terminal"/></noscript>
                <Keeper/>
            </div>
        }
    })
}

/// `/terminal` of a device that nobody has paired yet.
pub fn pairing(assets: &Assets, locale: Locale, form: FormState) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "pair-title")/>
            <div class="terminal">
                <Top tenant="Ordinavo".to_owned() place=String::new() locale/>
                <main id="main" tabindex="-1">
                    <h1>{t!(locale, "pair-title")}</h1>
                    <p class="lead">{t!(locale, "pair-text")}</p>
                    <form class="card" method="post" action=format!("/terminal/pair?lang={}", locale.tag())>
                        <ErrorSummary form=form.clone()/>
                        <TextField form field="code" label=t!(locale, "pair-code") help=t!(locale, "pair-code-help") autocomplete="off"/>
                        <button class="button button-primary button-large" type="submit">{t!(locale, "pair-now")}</button>
                    </form>
                </main>
            </div>
        }
    })
}
