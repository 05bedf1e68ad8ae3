//! The form that creates an endpoint, whose fields the form that updates one shares.

use domain::events::EventType;
use domain::identity::permissions::{ManageIntegrations, ViewIntegrations};
use domain::locale::Locale;
use domain::webhooks::{DataOption, Ordering};
use leptos::prelude::*;
use ordinavo_core::integrations;
use ordinavo_core::webhooks::model::EndpointSummary;
use ui::drafts::owned;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_staff;
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

#[component]
pub fn NewEndpointPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        staff.may::<ManageIntegrations>()?;
        let clients = integrations::list_active_clients(&request.core, staff.may::<ViewIntegrations>()?).await?;
        let form = FormState::new("endpoint", locale, request.flash.as_ref());
        let choices = clients
            .into_iter()
            .map(|client| {
                (
                    client.id.to_string(),
                    format!("{} ({})", client.name, client.source_key),
                )
            })
            .collect::<Vec<_>>();
        Ok(view! {
            <Title text=t!(locale, "endpoint-new")/>
            <PageBar locale title=t!(locale, "endpoint-new") parent=Parent::new("/app/integrations", t!(locale, "integrations-title"))/>
            <section class="card"><SubmitOnce><form method="post" action=owned("/app/fn/create-endpoint")>
                <ErrorSummary form=form.clone()/>
                <SelectField form=form.clone() field="client" label=t!(locale, "client") choices help=t!(locale, "endpoint-client-help")/>
                <EndpointFields form=form.clone() locale endpoint=None/>
                <CheckField form=form.clone() field="asymmetric" label=t!(locale, "endpoint-asymmetric") help=t!(locale, "endpoint-asymmetric-help")/>
                <button class="button button-primary" type="submit">{t!(locale, "endpoint-create")}</button>
            </form></SubmitOnce></section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}

/// The fields that the forms for creating and updating an endpoint share.
#[component]
pub(crate) fn EndpointFields(form: FormState, locale: Locale, endpoint: Option<EndpointSummary>) -> impl IntoView {
    let stored = |names: &Option<EndpointSummary>, pick: fn(&EndpointSummary) -> &Vec<String>| {
        names.as_ref().map(pick).cloned().unwrap_or_default()
    };
    let list = |field: &str, stored: Vec<String>| -> Vec<String> {
        form.value(field, &stored.join(" "))
            .split(' ')
            .map(str::to_owned)
            .collect()
    };
    let types = list("event_types", stored(&endpoint, |line| &line.event_types));
    let options = list("data_options", stored(&endpoint, |line| &line.data_options));
    let ordering = endpoint.as_ref().map_or(Ordering::None, |line| line.ordering);
    let orderings = Ordering::ALL
        .iter()
        .map(|ordering| {
            (
                ordering.name().to_owned(),
                by_key(locale, &format!("ordering-{}", ordering.name())),
            )
        })
        .collect::<Vec<_>>();
    let url = endpoint.as_ref().map(|line| line.url.clone()).unwrap_or_default();
    let description = endpoint.and_then(|line| line.description).unwrap_or_default();
    view! {
        <TextField form=form.clone() field="url" label="URL" kind="url" value=url help=t!(locale, "endpoint-url-help")/>
        <TextField form=form.clone() field="description" label=t!(locale, "endpoint-description") value=description optional=true/>
        <fieldset class="columns" id=format!("{}-eventTypes", form.name)><legend>{t!(locale, "endpoint-events")}</legend>
            {EventType::ALL.iter().filter(|kind| **kind != EventType::WebhookTest).map(|kind| {
                let name = kind.name();
                let id = format!("{}-type-{name}", form.name);
                view! { <div class="check"><input type="checkbox" id=id.clone() name="event_types[]" value=name checked=types.iter().any(|chosen| chosen == name)/><label for=id><bdi class="mono" dir="ltr">{name}</bdi></label></div> }
            }).collect_view()}
        </fieldset>
        <fieldset><legend>{t!(locale, "endpoint-options")}</legend><p class="help">{t!(locale, "endpoint-options-help")}</p>
            {DataOption::ALL.iter().map(|option| {
                let name = option.name();
                let id = format!("{}-option-{name}", form.name);
                view! { <div class="check"><input type="checkbox" id=id.clone() name="data_options[]" value=name checked=options.iter().any(|chosen| chosen == name)/>
                    <label for=id><bdi class="mono" dir="ltr">{name}</bdi>" "<span class="quiet">{by_key(locale, &format!("option-{name}"))}" "<bdi class="mono" dir="ltr">{option.scope().name()}</bdi></span></label></div> }
            }).collect_view()}
        </fieldset>
        <SelectField form=form field="ordering" label=t!(locale, "endpoint-ordering") choices=orderings value=ordering.name() help=t!(locale, "endpoint-ordering-help")/>
    }
}
