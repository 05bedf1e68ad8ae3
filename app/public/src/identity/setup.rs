//! The setup page of a new installation: its first organization and administrator.

use domain::locale::Locale;
use domain::zones::{name as zone_name, probable};
use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use ui::forms::{ErrorSummary, FormState, SelectField, TextField};
use ui::islands::SubmitOnce;
use ui::shell::{self, App, Assets};
use ui::title::Title;

use crate::t;

/// The form's name on its page.
pub const FORM: &str = "setup";

/// The data of the setup page.
#[derive(Clone)]
pub struct SetupPage {
    /// The code in the address of the page.
    pub code: String,
    /// The time zones to choose from.
    pub zones: Vec<&'static str>,
    pub locale: Locale,
    /// Typed values and errors of a rejected form.
    pub form: FormState,
}

/// `/setup/{code}`.
pub fn page(assets: &Assets, page: SetupPage) -> impl IntoView + use<> {
    provide_meta_context();
    let locale = page.locale;
    shell::document_in(locale, App::Intake, assets, move || {
        view! {
            <Title text=t!(locale, "setup-title")/>
            <div class="column">
                <header class="top-line">
                    <p class="brand"><span class="brand-mark" aria-hidden="true"></span>"Ordinavo"</p>
                    <Languages code=page.code.clone() locale/>
                </header>
                <main id="main" tabindex="-1">
                    <h1>{t!(locale, "setup-title")}</h1>
                    <p class="lead prose">{t!(locale, "setup-text")}</p>
                    <Fields page/>
                </main>
            </div>
        }
    })
}

#[component]
fn Languages(code: String, locale: Locale) -> impl IntoView {
    view! {
        <nav class="languages" aria-label=ui::i18n::shared::language(locale)>{Locale::ALL.into_iter().map(|other| {
            let is_current = (other == locale).then_some("true");
            view! { <a class="button button-quiet" href=format!("/setup/{code}?lang={}", other.tag()) lang=other.tag() hreflang=other.tag() aria-current=is_current>{other.own_name()}</a> }
        }).collect_view()}</nav>
    }
}

#[component]
fn Fields(page: SetupPage) -> impl IntoView {
    let SetupPage {
        code,
        zones,
        locale,
        form,
    } = page;
    let field = move || form.clone();
    let languages: Vec<(String, String)> = Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect();
    let zones: Vec<(String, String)> = zones
        .into_iter()
        .map(|zone| (zone.to_owned(), format!("{zone} ({})", zone_name(zone, locale))))
        .collect();
    view! {
        <SubmitOnce><form method="post" action=format!("/setup/{code}?lang={}", locale.tag()) class="card stack">
            <ErrorSummary form=field()/>
            <fieldset class="stack">
                <legend><h2>{t!(locale, "setup-organization")}</h2></legend>
                <TextField form=field() field="organisation" label=t!(locale, "setup-organization-name") autocomplete="organization" max_length=200/>
                <TextField form=field() field="short_name" label=t!(locale, "setup-short-name") help=t!(locale, "setup-short-name-help") optional=true max_length=40/>
                <SelectField form=field() field="locale" label=t!(locale, "setup-language") choices=languages value=locale.tag()/>
                <SelectField form=field() field="zone" label=t!(locale, "setup-zone") choices=zones value=probable(locale)/>
            </fieldset>
            <fieldset class="stack">
                <legend><h2>{t!(locale, "setup-administrator")}</h2></legend>
                <TextField form=field() field="name" label=t!(locale, "setup-name") autocomplete="name" max_length=200/>
                <TextField form=field() field="email" kind="email" label=t!(locale, "setup-email") autocomplete="username" max_length=254/>
                <TextField form=field() field="password" kind="password" label=t!(locale, "setup-password") help=t!(locale, "setup-password-help") autocomplete="new-password"/>
            </fieldset>
            <p><button class="button button-primary" type="submit">{t!(locale, "setup-submit")}</button></p>
        </form></SubmitOnce>
    }
}
