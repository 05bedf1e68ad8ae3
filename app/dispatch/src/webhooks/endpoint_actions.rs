//! The forms that act on an endpoint, each with its consequence.

use domain::ids::WebhookEndpointId;
use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::webhooks::model::{EndpointActions, EndpointSummary};
use ui::components::ConfirmAction;
use ui::drafts::owned;
use ui::flash::Flash;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SubmitOnce;

use crate::i18n::by_key;
use crate::t;
use crate::webhooks::endpoint_form::EndpointFields;

/// The forms of the actions on an endpoint.
#[component]
pub(crate) fn EndpointForms(
    locale: Locale,
    endpoint: EndpointSummary,
    actions: EndpointActions,
    form: FormState,
    zone: String,
) -> impl IntoView {
    let id = endpoint.id;
    let version = endpoint.version().as_str().to_owned();
    let is_edited = form.has_typed_values();
    let flash = use_context::<Flash>();
    let recover_form = FormState::new("recover", locale, flash.as_ref());
    let replay_form = FormState::new("replay-range", locale, flash.as_ref());
    view! {
        <div class="actions">
            {actions.can_send.then(|| view! { <SubmitOnce><form method="post" action=owned("/app/fn/test-endpoint")><EndpointField id/><button class="button" type="submit">{t!(locale, "endpoint-test")}</button></form></SubmitOnce> })}
            {actions.can_enable.then(|| view! { <form method="post" action=owned("/app/fn/enable-endpoint")><EndpointField id/><button class="button button-primary" type="submit">{t!(locale, "endpoint-enable")}</button></form> })}
            {actions.can_send.then(|| view! { <RangeForm action="recover-endpoint" label=t!(locale, "endpoint-recover") consequence=t!(locale, "endpoint-recover-text") id form=recover_form zone=zone.clone() locale/> })}
            {actions.can_send.then(|| view! { <RangeForm action="replay-range" label=t!(locale, "endpoint-replay") consequence=t!(locale, "endpoint-replay-text") id form=replay_form zone locale/> })}
            <RotateForm id locale/>
            <details class="weighty" open=is_edited><summary class="button">{t!(locale, "endpoint-edit")}</summary><div class="weighty-body">
                <form method="post" action=owned("/app/fn/update-endpoint")><EndpointField id/><input type="hidden" name="version" value=version/><ErrorSummary form=form.clone()/>
                    <EndpointFields form locale endpoint=Some(endpoint)/>
                    <button class="button button-primary" type="submit">{t!(locale, "save")}</button></form>
            </div></details>
            {actions.can_disable.then(|| view! { <ConfirmAction label=t!(locale, "endpoint-disable") consequence=t!(locale, "endpoint-disable-text")>
                <form method="post" action=owned("/app/fn/disable-endpoint")><EndpointField id/><button class="button button-bad" type="submit">{t!(locale, "endpoint-disable")}</button></form></ConfirmAction> })}
            <ConfirmAction label=t!(locale, "endpoint-delete") consequence=t!(locale, "endpoint-delete-text")>
                <form method="post" action=owned("/app/fn/delete-endpoint")><EndpointField id/><button class="button button-bad" type="submit">{t!(locale, "endpoint-delete")}</button></form></ConfirmAction>
        </div>
    }
}

/// The hidden field with the endpoint that a form acts on.
#[component]
fn EndpointField(id: WebhookEndpointId) -> impl IntoView {
    view! { <input type="hidden" name="endpoint" value=id.to_string()/> }
}

/// An action on the events of a period.
#[component]
fn RangeForm(
    action: &'static str,
    label: String,
    consequence: String,
    id: WebhookEndpointId,
    form: FormState,
    zone: String,
    locale: Locale,
) -> impl IntoView {
    let submit_label = label.clone();
    view! {
        <ConfirmAction label consequence open=form.has_typed_values()>
            <form method="post" action=owned(format!("/app/fn/{action}"))><EndpointField id/><ErrorSummary form=form.clone()/>
                <div class="pair"><TextField form=form.clone() field="since" label=t!(locale, "since") kind="datetime-local"/>
                <TextField form field="until" label=t!(locale, "until") kind="datetime-local" optional=true/></div>
                <p class="help"><bdi>{zone}</bdi></p>
                <button class="button button-primary" type="submit">{submit_label}</button></form>
        </ConfirmAction>
    }
}

/// Replaces the signing secret; the previous one stays valid for the chosen time.
#[component]
fn RotateForm(id: WebhookEndpointId, locale: Locale) -> impl IntoView {
    const GRACE_SECONDS: [(&str, &str); 3] = [("0", "grace-none"), ("86400", "grace-day"), ("604800", "grace-week")];
    view! {
        <ConfirmAction label=t!(locale, "endpoint-rotate") consequence=t!(locale, "endpoint-rotate-text")>
            <form method="post" action=owned("/app/fn/rotate-endpoint")><EndpointField id/>
                <fieldset><legend>{t!(locale, "endpoint-grace")}</legend>{GRACE_SECONDS.into_iter().map(|(seconds, label)| {
                    let field = format!("grace-{seconds}");
                    view! { <div class="check"><input type="radio" id=field.clone() name="grace" value=seconds checked=seconds == "86400"/><label for=field>{by_key(locale, label)}</label></div> }
                }).collect_view()}</fieldset>
                <button class="button button-primary" type="submit">{t!(locale, "endpoint-rotate")}</button></form>
        </ConfirmAction>
    }
}
