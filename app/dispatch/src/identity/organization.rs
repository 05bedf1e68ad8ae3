//! The settings of the organization.

use domain::identity::permissions::ManageOrganization;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::identity::organization;
use ordinavo_core::identity::organization::{MAX_NAME_CHARS, OrganizationInput, OrganizationSettings};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};
use ui::components::ProblemNotice;
use ui::drafts::owned;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextField};
use ui::i18n::shared;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::identity::settings_pages::SettingsFrame;
use crate::shared::{DoneNotice, viewer_staff, zone_choices};
use crate::t;

/// The path of the page.
pub const PAGE: &str = "/app/settings/organization";

#[component]
pub fn OrganizationPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let settings = organization::settings(&request.core, staff.may::<ManageOrganization>()?).await?;
        let form = FormState::new(OrganizationForm::NAME, locale, request.flash.as_ref());
        Ok(view! {
            <Title text=t!(locale, "organization-title")/>
            <h1>{t!(locale, "organization-title")}</h1>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <Settings settings form locale/>
            <p><a href="/app/settings/portal">{t!(locale, "organization-contact")}</a></p>
        }
        .into_any())
    });
    view! { <SettingsFrame current=PAGE>{content}</SettingsFrame> }
}

#[component]
fn Settings(settings: OrganizationSettings, form: FormState, locale: Locale) -> impl IntoView {
    let version = settings.version().as_str().to_owned();
    let languages = Locale::ALL
        .into_iter()
        .map(|locale| (locale.tag().to_owned(), locale.own_name().to_owned()))
        .collect();
    let zones = zone_choices(locale, &settings.zone);
    view! {
        <SubmitOnce><form class="card narrow" method="post" action=owned("/app/fn/set-organization")>
            <ErrorSummary form=form.clone()/>
            <input type="hidden" name="version" value=version/>
            <TextField form=form.clone() field="name" label=t!(locale, "organization-name") help=t!(locale, "organization-name-help") value=settings.name max_length=MAX_NAME_CHARS autocomplete="organization"/>
            <div class="pair">
                <SelectField form=form.clone() field="zone" label=t!(locale, "location-zone") help=t!(locale, "organization-zone-help") choices=zones value=settings.zone/>
                <SelectField form=form.clone() field="locale" label=shared::language(locale) help=t!(locale, "organization-language-help") choices=languages value=settings.locale/>
            </div>
            <CheckField form field="shows_technician" label=t!(locale, "organization-shows-technician") help=t!(locale, "organization-shows-technician-help") checked=settings.shows_technician/>
            <button class="button button-primary" type="submit">{t!(locale, "save")}</button>
        </form></SubmitOnce>
    }
}

/// The form that changes the settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationForm {
    version: String,
    name: String,
    zone: String,
    locale: String,
    /// Whether customers see the name of the technician: `on` or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    shows_technician: Option<String>,
}

impl ActionForm for OrganizationForm {
    const NAME: &'static str = "organization";

    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "set-organization")]
pub async fn set_organization(#[server(flatten)] form: OrganizationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: OrganizationForm| {
        let input = OrganizationInput {
            name: form.name,
            zone: form.zone,
            locale: form.locale,
            shows_technician: form.shows_technician.is_some(),
        };
        organization::set(&core, staff.may()?, &form.version, &input).await?;
        Ok(Redirect::to(PAGE, "done-saved"))
    })
    .await
}
