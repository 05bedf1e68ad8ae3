//! The preferences of the reader: language and keyboard. Also `/app`, which redirects to the role's home page.

use domain::identity::permissions::ManageOrganization;
use domain::locale::Locale;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::staff_settings;
use ordinavo_core::installation::first_steps;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, redirect, submit};
use ui::components::ProblemNotice;
use ui::drafts::owned;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::i18n::shared;
use ui::page::page;
use ui::sign_in_flow::LanguageRow;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::installation::first_steps as first_steps_page;
use crate::shared::{DoneNotice, viewer_staff};
use crate::t;

/// `/app`.
#[component]
pub fn HomePage() -> impl IntoView {
    let staff = viewer_staff();
    let response = use_context::<ResponseOptions>();
    page(|request| async move {
        let staff = staff?;
        let home = match staff.may::<ManageOrganization>() {
            Ok(permit) if !staff.is_test() && first_steps::load(&request.core, permit).await?.is_home() => {
                first_steps_page::PAGE
            }
            _ => staff.role().home(),
        };
        if let Some(response) = response {
            redirect(&response, home);
        }
        Ok(().into_any())
    })
}

/// The path of the page.
pub const PAGE: &str = "/app/settings";

/// `/app/settings`.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let (shortcuts_state, shortcuts_wanted, shortcuts_label) = if staff.has_shortcuts() {
            ("on", "", t!(locale, "shortcuts-turn-off"))
        } else {
            ("off", "on", t!(locale, "shortcuts-turn-on"))
        };
        Ok(view! {
            <Title text=t!(locale, "preferences-title")/>
            <h1>{t!(locale, "preferences-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <NameSection form=FormState::new(NameForm::NAME, locale, request.flash.as_ref()) name=staff.display_name().to_owned() locale/>
            <section class="card"><h2>{t!(locale, "shortcuts-title")}</h2><p class="help">{t!(locale, "shortcuts-text")}</p>
                <form method="post" action=owned("/app/fn/set-shortcuts") data-shortcuts=shortcuts_state><input type="hidden" name="on" value=shortcuts_wanted/><button class="button" type="submit">{shortcuts_label}</button></form></section>
            <section class="card"><h2>{shared::language(locale)}</h2><LanguageRow locale action="/app/fn/language" back=PAGE/></section>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

#[component]
fn NameSection(form: FormState, name: String, locale: Locale) -> impl IntoView {
    view! {
        <section class="card"><h2>{t!(locale, "own-name-title")}</h2>
            <form method="post" action=owned("/app/fn/set-own-name")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="shown" value=name.clone()/>
                <TextField form field="name" label=t!(locale, "own-name") value=name max_length=200 autocomplete="name" help=t!(locale, "own-name-help")/>
                <button class="button" type="submit">{t!(locale, "own-name-save")}</button>
            </form></section>
    }
}

/// The form that sets the own name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NameForm {
    name: String,
    /// The name that the page shows.
    shown: String,
}

impl ActionForm for NameForm {
    const NAME: &'static str = "own-name";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-own-name")]
pub async fn set_own_name(#[server(flatten)] form: NameForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: NameForm| {
        staff_settings::set_name(&core, &staff, &form.shown, &form.name).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}

/// The button that turns single letters as keyboard shortcuts on or off: `on` or empty.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShortcutsButton {
    on: String,
}

impl ActionForm for ShortcutsButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-shortcuts")]
pub async fn set_shortcuts(#[server(flatten)] form: ShortcutsButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ShortcutsButton| {
        staff_settings::set_shortcuts(&core, &staff, !form.on.is_empty()).await?;
        Ok(Redirect::to(form.back(), "done-saved"))
    })
    .await
}
