//! Integrations: clients, source systems, feature gates and webhook endpoints.

use domain::feature_gates::FeatureGate;
use domain::identity::permissions::ViewIntegrations;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::integrations;
use ui::components::{Chip, EmptyState, ProblemNotice};
use ui::drafts::owned;
use ui::format;
use ui::forms::{ErrorSummary, FormState, TextField};
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::integrations::clients::ScopeCheckboxes;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, PageBar};
use crate::t;
use crate::webhooks::endpoints::endpoint_tone;

#[component]
pub fn IntegrationsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let now = request.viewer.now;
        let permit = staff.may::<ViewIntegrations>()?;
        let found = integrations::overview(&request.core, permit).await?;
        let (endpoints, can_manage) = (found.endpoints, found.can_manage);
        let form = FormState::new("client", locale, request.flash.as_ref());
        let is_form_open = form.has_typed_values();
        let chosen_scopes = form.value("scopes", "");
        let empty = endpoints.is_empty();
        Ok(view! {
            <Title text=t!(locale, "integrations-title")/>
            <PageBar locale title=t!(locale, "integrations-title")>
                <form method="post" action=owned("/app/fn/set-test-mode")><input type="hidden" name="on" value="on"/><button class="button" type="submit" title=t!(locale, "test-mode-enter-text")>{t!(locale, "test-mode-enter")}</button></form>
            </PageBar>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <section><h2>{t!(locale, "clients")}</h2>
                <div class="table-frame"><table class="table stackable">
                    <thead><tr><th scope="col">{t!(locale, "name")}</th><th scope="col">{t!(locale, "source")}</th><th scope="col">{t!(locale, "scopes")}</th><th scope="col">{t!(locale, "last-used")}</th></tr></thead>
                    <tbody>{found.clients.into_iter().map(|client| {
                        let is_revoked = client.revoked_at.is_some();
                        view! {
                            <tr><th scope="row"><a class="mono" href=format!("/app/integrations/clients/{}", client.id)><bdi>{client.name}</bdi></a>{is_revoked.then(|| view! { " "<Chip label=t!(locale, "client-revoked") tone=Tone::Neutral/> })}</th><td><bdi class="mono">{client.source_key}</bdi></td>
                                <td><bdi class="mono small">{client.scopes.join(" ")}</bdi></td>
                                <td>{client.last_used_at.map_or_else(|| t!(locale, "never"), |at| format::age(locale, at, now))}</td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
                {can_manage.then(|| view! {
                    <details class="weighty" open=is_form_open><summary class="button">{t!(locale, "client-new")}</summary><div class="weighty-body">
                        <SubmitOnce><form method="post" action=owned("/app/fn/create-client")>
                            <ErrorSummary form=form.clone()/>
                            <TextField form=form.clone() field="name" label=t!(locale, "name") help=t!(locale, "client-name-help")/>
                            <TextField form=form.clone() field="source" label=t!(locale, "client-source") help=t!(locale, "client-source-help")/>
                            <ScopeCheckboxes locale chosen=chosen_scopes.split(' ').map(str::to_owned).collect()/>
                            <button class="button button-primary" type="submit">{t!(locale, "client-create")}</button>
                        </form></SubmitOnce>
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
                    let (state, tone) = if open { (t!(locale, "gate-enabled"), Tone::Good) } else { (t!(locale, "gate-disabled"), Tone::Neutral) };
                    let toggle_label = if open { t!(locale, "gate-disable") } else { t!(locale, "gate-enable") };
                    view! {
                        <li><span>{by_key(locale, &format!("gate-{}", gate.name()))}</span><Chip label=state tone/>
                            {can_manage.then(|| view! { <form method="post" action=owned("/app/fn/set-gate")><input type="hidden" name="gate" value=gate.name()/><input type="hidden" name="open" value=if open { "" } else { "on" }/><button class="button" type="submit">{toggle_label}</button></form> })}</li>
                    }
                }).collect_view()}</ul>
            </section>
            <section><header class="title-row"><h2>{t!(locale, "endpoints")}</h2>
                    {can_manage.then(|| view! { <a class="button" href="/app/integrations/endpoints/new">{t!(locale, "endpoint-new")}</a> })}
                    <a class="button button-quiet" href="/app/integrations/billing">{t!(locale, "billing-title")}</a></header>
                {empty.then(|| view! { <EmptyState icon="plug" title=t!(locale, "endpoints-empty") text=t!(locale, "endpoints-empty-text")/> })}
                <ul class="lines lines-tall">{endpoints.into_iter().map(|endpoint| view! {
                    <li><a href=format!("/app/integrations/endpoints/{}", endpoint.id)><bdi class="mono" dir="ltr">{endpoint.url}</bdi></a>
                        <Chip label=by_key(locale, &format!("endpoint-{}", endpoint.status.name())) tone=endpoint_tone(endpoint.status)/>
                        <span class="quiet"><bdi>{endpoint.client_name}</bdi>{endpoint.description.map(|text| view! { " · "<bdi>{text}</bdi> })}</span></li>
                }).collect_view()}</ul>
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/integrations">{content}</AppFrame> }
}
