//! Integrations: clients, webhook endpoints, deliveries and attempts.

use domain::feature_gates::FeatureGate;
use domain::locale::Locale;
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::public_language::Tone;
use domain::webhooks::{DeliveryStatus, EndpointStatus};
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::services::{clients, integrations};
use ordinavo_core::views::AttemptLine;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SendOnce;
use ui::load::page;
use ui::parts::{Chip, Empty, Fact, Identifier, ProblemNotice};

use super::clients::ScopeBoxes;
use super::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

const fn endpoint_tone(status: EndpointStatus) -> Tone {
    match status {
        EndpointStatus::Active => Tone::Good,
        EndpointStatus::Failing => Tone::Warn,
        EndpointStatus::Disabled => Tone::Bad,
    }
}

const fn delivery_tone(status: DeliveryStatus) -> Tone {
    match status {
        DeliveryStatus::Delivered => Tone::Good,
        DeliveryStatus::Pending | DeliveryStatus::InFlight => Tone::Info,
        DeliveryStatus::Held => Tone::Warn,
        DeliveryStatus::Failed => Tone::Bad,
    }
}

/// `/app/integrations`.
#[component]
pub fn IntegrationsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let now = request.viewer.now;
        let permit = staff.may::<ViewIntegrations>()?;
        let found = clients::overview(&request.core, permit).await?;
        let endpoints = integrations::endpoints(&request.core, permit).await?;
        let may_manage = staff.has::<ManageIntegrations>();
        let form = FormState::new("client", locale, request.flash.as_ref());
        let open_form = form.came_back();
        let chosen = form.value("scopes", "");
        let empty = endpoints.is_empty();
        Ok(view! {
            <Title text=t!(locale, "integrations-title")/>
            <header class="title-row"><h1>{t!(locale, "integrations-title")}</h1>
                <form method="post" action="/app/fn/look-at-test-data"><input type="hidden" name="on" value="on"/><button class="button" type="submit" title=t!(locale, "test-look-text")>{t!(locale, "test-look")}</button></form></header>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <section><h2>{t!(locale, "clients")}</h2>
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "source")}</th><th scope="col">{t!(locale, "scopes")}</th><th scope="col">{t!(locale, "last-used")}</th></tr></thead>
                    <tbody>{found.clients.into_iter().map(|client| {
                        let ended = client.revoked_at.is_some();
                        view! {
                            <tr><th scope="row"><a class="mono" href=format!("/app/integrations/clients/{}", client.id)><bdi>{client.name}</bdi></a>{ended.then(|| view! { " "<Chip label=t!(locale, "client-revoked") tone=Tone::Neutral/> })}</th><td><bdi class="mono">{client.source_key}</bdi></td>
                                <td><bdi class="mono small">{client.scopes.join(" ")}</bdi></td>
                                <td>{client.last_used_at.map_or_else(|| t!(locale, "never"), |at| format::age(locale, at, now))}</td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
                {may_manage.then(|| view! {
                    <details class="weighty" open=open_form><summary class="button">{t!(locale, "client-new")}</summary><div class="weighty-body">
                        <SendOnce><form method="post" action="/app/fn/create-client">
                            <ErrorSummary form=form.clone()/>
                            <TextField form=form.clone() field="name" label=t!(locale, "name") help=t!(locale, "client-name-help")/>
                            <TextField form=form.clone() field="source" label=t!(locale, "client-source") help=t!(locale, "client-source-help")/>
                            <ScopeBoxes locale chosen=chosen.split(' ').map(str::to_owned).collect()/>
                            <button class="button button-primary" type="submit">{t!(locale, "client-create")}</button>
                        </form></SendOnce>
                    </div></details>
                })}
            </section>
            <section><h2>{t!(locale, "sources-title")}</h2>
                <ul class="lines">{found.sources.into_iter().map(|source| view! {
                    <li><a class="mono" href=format!("/app/integrations/sources/{}", source.id)><bdi>{source.key}</bdi></a><span class="quiet">{t!(locale, "source-clients")}" "{source.clients}</span></li>
                }).collect_view()}</ul>
            </section>
            <section><h2>{t!(locale, "gates-title")}</h2><p class="help">{t!(locale, "gates-text")}</p>
                <ul class="lines lines-tall">{FeatureGate::ALL.iter().map(|gate| {
                    let open = found.gates.iter().any(|name| name == gate.name());
                    let (state, tone) = if open { (t!(locale, "gate-open"), Tone::Good) } else { (t!(locale, "gate-closed"), Tone::Neutral) };
                    let act = if open { t!(locale, "gate-do-close") } else { t!(locale, "gate-do-open") };
                    view! {
                        <li><span>{by_key(locale, &format!("gate-{}", gate.name()))}</span><Chip label=state tone/>
                            {may_manage.then(|| view! { <form method="post" action="/app/fn/set-gate"><input type="hidden" name="gate" value=gate.name()/><input type="hidden" name="open" value=if open { "" } else { "on" }/><button class="button" type="submit">{act}</button></form> })}</li>
                    }
                }).collect_view()}</ul>
            </section>
            <section><h2>{t!(locale, "endpoints")}</h2>
                {empty.then(|| view! { <Empty icon="plug" title=t!(locale, "endpoints-empty") text=t!(locale, "endpoints-empty-text")/> })}
                <ul class="lines lines-tall">{endpoints.into_iter().map(|endpoint| view! {
                    <li><a href=format!("/app/integrations/endpoints/{}", endpoint.id)><bdi class="mono" dir="ltr">{endpoint.url}</bdi></a>
                        <Chip label=by_key(locale, &format!("endpoint-{}", endpoint.status.name())) tone=endpoint_tone(endpoint.status)/><span class="quiet"><bdi>{endpoint.client_name}</bdi></span></li>
                }).collect_view()}</ul>
            </section>
        }
        .into_any())
    });
    view! { <Framed current="/app/integrations">{content}</Framed> }
}

/// `/app/integrations/endpoints/{id}`.
#[component]
pub fn EndpointPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let (endpoint, deliveries, attempts) =
            integrations::endpoint_page(&request.core, staff.may::<ViewIntegrations>()?, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        let empty = deliveries.is_empty();
        Ok(view! {
            <Title text=t!(locale, "endpoints")/>
            <header class="title-row"><h1 class="breaks"><bdi class="mono" dir="ltr">{endpoint.url}</bdi></h1><Chip label=by_key(locale, &format!("endpoint-{}", endpoint.status.name())) tone=endpoint_tone(endpoint.status)/></header>
            <dl class="facts">
                <Fact name=t!(locale, "client")><bdi class="mono">{endpoint.client_name}</bdi></Fact>
                <Fact name=t!(locale, "source")><bdi class="mono">{endpoint.source_key}</bdi></Fact>
                <Fact name=t!(locale, "event")><bdi class="mono small">{endpoint.event_types.join(", ")}</bdi></Fact>
                <Fact name="id"><Identifier text=endpoint.id.to_string() locale/></Fact>
            </dl>
            <h2>{t!(locale, "deliveries")}</h2>
            {empty.then(|| view! { <Empty title=t!(locale, "nothing-yet") text=t!(locale, "nothing-yet-text")/> })}
            {deliveries.into_iter().map(|delivery| {
                let mine: Vec<_> = attempts.iter().filter(|attempt| attempt.delivery_id == delivery.id).cloned().collect();
                let waits = delivery.status == DeliveryStatus::Pending && delivery.attempts > 0;
                view! {
                    <article class="card">
                        <header class="title-row"><h3><bdi class="mono">{delivery.event_type}</bdi></h3><Chip label=by_key(locale, &format!("delivery-{}", delivery.status.name())) tone=delivery_tone(delivery.status)/><span class="quiet">{format::moment(locale, delivery.created_at, &zone)}</span></header>
                        {waits.then(|| view! { <p class="quiet">{t!(locale, "next-attempt")}" "{format::moment(locale, delivery.next_attempt_at, &zone)}</p> })}
                        <Attempts locale attempts=mine zone=zone.clone()/>
                        {delivery.body.map(|body| view! { <details><summary>{t!(locale, "body")}</summary><pre class="code" dir="ltr" tabindex="0">{body}</pre></details> })}
                    </article>
                }
            }).collect_view()}
        }
        .into_any())
    });
    view! { <Framed current="/app/integrations">{content}</Framed> }
}

#[component]
fn Attempts(locale: Locale, attempts: Vec<AttemptLine>, zone: String) -> impl IntoView {
    (!attempts.is_empty()).then(|| view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "attempts")}</th><th scope="col">{t!(locale, "when")}</th><th scope="col">{t!(locale, "answer")}</th><th scope="col" class="right">"ms"</th></tr></thead>
            <tbody>{attempts.into_iter().map(|attempt| view! {
                <tr><td>{attempt.number}</td><td>{format::moment(locale, attempt.started_at, &zone)}</td>
                    <td>{attempt.response_status.map(|status| format!("HTTP {status} "))}<span class="quiet" dir="ltr">{attempt.error}</span>
                        {attempt.response_excerpt.filter(|text| !text.is_empty()).map(|text| view! { <details><summary>{t!(locale, "answer")}</summary><pre class="code" dir="ltr" tabindex="0">{text}</pre></details> })}</td>
                    <td class="right">{attempt.duration_ms}</td></tr>
            }).collect_view()}</tbody>
        </table></div>
    })
}
