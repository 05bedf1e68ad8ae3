//! The on-site terminal: large tiles, at most three fields, a language switch on every screen, and a receipt.

use std::sync::Arc;

use domain::intake::form::{FieldMode, FormField, FormSettings, FormTexts};
use domain::locale::Locale;
use domain::requests::ServiceType;
use domain::terminology::Terminology;
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
/// The name of the pairing form.
pub const PAIR: &str = "pair";

/// The data of a terminal page.
#[derive(Clone)]
pub struct TerminalPage {
    /// The organization's name.
    pub tenant: String,
    /// The organization's terminology.
    pub words: Arc<Terminology>,
    /// The name of the terminal's location.
    pub location: String,
    /// The settings of the form that the terminal shows.
    pub settings: FormSettings,
    pub texts: FormTexts,
    /// Identifies repeated submissions of the same form.
    pub nonce: String,
    /// The terminal's ID, which assigns unsent requests to it.
    pub terminal: String,
    /// Typed values and errors of a rejected submission.
    pub form: FormState,
    pub locale: Locale,
}

/// The data of a receipt.
#[derive(Clone)]
pub struct Receipt {
    /// The organization's name.
    pub tenant: String,
    /// The short code of the request.
    pub code: String,
    /// The tracking link as an SVG QR code; empty for none.
    pub picture: String,
    pub locale: Locale,
}

/// The organization's name and the language switch.
#[component]
fn Top(tenant: String, location: String, locale: Locale) -> impl IntoView {
    view! {
        <header class="terminal-top">
            <p class="brand"><span class="brand-mark" aria-hidden="true"></span><bdi>{tenant}</bdi></p>
            {(!location.is_empty()).then(|| view! { <p class="quiet"><bdi>{location}</bdi></p> })}
            <nav class="languages" aria-label=ui::i18n::shared::language(locale)>{Locale::ALL.into_iter().map(|other| {
                let is_current = (other == locale).then_some("true");
                view! { <a class="button" href=format!("/terminal?lang={}", other.tag()) lang=other.tag() hreflang=other.tag() aria-current=is_current>{other.own_name()}</a> }
            }).collect_view()}</nav>
        </header>
    }
}

/// The script of the terminal, allowed by the nonce of this response.
#[component]
fn OfflineSync() -> impl IntoView {
    view! { <script src="/terminal/keeper.js" defer nonce=use_nonce()></script> }
}

/// The warning that the page will be cleared. Any input cancels it.
#[component]
fn IdleWarning(locale: Locale) -> impl IntoView {
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

/// `/terminal` of a paired device. Tiles and fields are one form that works without scripts: choosing a tile shows the
/// fields.
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
        words: terminology,
        ..
    } = page;
    shell::document_in(locale, App::Intake, assets, move || {
        let tiles = settings.service_types.clone();
        let optional = |field: FormField| settings.mode(field) != FieldMode::Required;
        let has = |field: FormField| settings.mode(field) != FieldMode::Off;
        let field = |form_field: FormField| {
            let form = form.clone();
            let optional = optional(form_field);
            has(form_field).then(|| match form_field {
                FormField::Phone => view! { <TextField form field="phone" kind="tel" label=t!(locale, "phone") optional autocomplete="off"/> }.into_any(),
                FormField::Email => view! { <TextField form field="email" kind="email" label=t!(locale, "email") optional autocomplete="off"/> }.into_any(),
                _ => view! { <TextField form field="name" label=t!(locale, "name") optional autocomplete="off"/> }.into_any(),
            })
        };
        let fields = [FormField::Name, FormField::Phone, FormField::Email].map(field);
        view! {
            <Title text=texts.title.clone()/>
            <div class="terminal" data-terminal="form">
                <Top tenant=tenant.clone() location=location locale/>
                <main id="main" tabindex="-1">
                    <form method="post" action=format!("/terminal/requests?lang={}", locale.tag()) autocomplete="off">
                        <input type="hidden" name="nonce" value=nonce/>
                        <input type="hidden" name="terminal" value=terminal/>
                        <h1 class="first-step">{texts.title.clone()}</h1>
                        {(!texts.intro.is_empty()).then(|| view! { <p class="lead first-step">{texts.intro}</p> })}
                        <fieldset class="tiles"><legend class="hidden">{t!(locale, "request-service")}</legend>
                            {tiles.into_iter().map(|kind| {
                                let id = format!("tile-{}", kind.name());
                                let words = terminology.service_type(kind, locale);
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
                    <IdleWarning locale/>
                </main>
                <OfflineSync/>
            </div>
        }
    })
}

/// The page after a submission.
pub fn receipt(assets: &Assets, receipt: Receipt) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = receipt.locale;
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "receipt-title")/>
            <div class="terminal" data-terminal="receipt">
                <Top tenant=receipt.tenant location=String::new() locale/>
                <main id="main" tabindex="-1" class="receipt" data-sent="yes">
                    <h1><span class="receipt-sent">{t!(locale, "receipt-title")}</span><span class="receipt-later">{t!(locale, "receipt-offline-title")}</span></h1>
                    <p class="lead receipt-later">{t!(locale, "receipt-offline-text")}</p>
                    <p class="receipt-code"><span class="quiet">{t!(locale, "receipt-code")}</span><bdi class="mono" dir="ltr">{receipt.code}</bdi></p>
                    <div class="qr" role="img" aria-label=t!(locale, "receipt-qr-code") inner_html=receipt.picture></div>
                    <p class="lead">{t!(locale, "receipt-text")}</p>
                    <p><a class="button button-primary button-large" href=format!("/terminal?lang={}", locale.tag())>{t!(locale, "receipt-done")}</a></p>
                    <IdleWarning locale/>
                </main>
                // With JavaScript, the script clears the page after asking.
                <noscript><meta http-equiv="refresh" content="60;url=/terminal"/></noscript>
                <OfflineSync/>
            </div>
        }
    })
}

/// `/terminal` of a device that is not paired.
pub fn pairing(assets: &Assets, locale: Locale, form: FormState) -> impl IntoView + use<> {
    provide_meta_context();
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "pair-title")/>
            <div class="terminal">
                <Top tenant="Ordinavo".to_owned() location=String::new() locale/>
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
