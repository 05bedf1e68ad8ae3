//! Home: endpoints, keys, latest imports, most frequent codes and API calls.

use domain::locale::Locale;
use leptos::prelude::*;
use ordinavo_core::integrations::model::CredentialSummary;
use ordinavo_core::integrations::partner_console;
use ui::components::{EmptyState, Fact};
use ui::format;
use ui::imports::{ApiCallsTable, code_label};
use ui::page::page;
use ui::title::Title;

use crate::i18n::by_key;
use crate::imports::jobs::JobTable;
use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;
use crate::webhooks::endpoints::EndpointTable;

#[component]
pub fn HomePage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let home = partner_console::overview(&request.core, &viewer).await?;
        let (items, named, linked) = (home.mapping.items, home.mapping.named, home.mapping.linked);
        let rate = home
            .mapping
            .percent()
            .map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
        let no_jobs = home.jobs.is_empty();
        let no_codes = home.codes.is_empty();
        let clients = home.clients;
        let zone = viewer.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "home-title")/>
            <h1>{t!(locale, "home-title")}" "<bdi class="mono">{viewer.source_key().to_owned()}</bdi></h1>
            <dl class="facts">
                <Fact name=t!(locale, "mapping-rate")><strong class="figure">{rate}</strong>" "<span class="quiet">{t!(locale, "mapping-rate-text", items = items, named = named, linked = linked)}</span></Fact>
                <Fact name=t!(locale, "clients")>{clients.into_iter().map(|client| view! { <p><bdi class="mono">{client.name}</bdi>" "<bdi class="mono small quiet">{client.scopes.join(" ")}</bdi></p> }).collect_view()}</Fact>
            </dl>
            {(!home.endpoints.is_empty()).then(|| view! { <section><h2>{t!(locale, "nav-endpoints")}</h2><EndpointTable endpoints=home.endpoints locale zone=zone.clone()/></section> })}
            <section><h2>{t!(locale, "keys")}</h2><Keys keys=home.keys locale zone/></section>
            <section><h2>{t!(locale, "top-codes")}</h2>
                {no_codes.then(|| view! { <p class="quiet">{t!(locale, "top-codes-none")}</p> })}
                {(!no_codes).then(|| view! {
                    <div class="table-frame"><table class="table">
                        <thead><tr><th scope="col">{t!(locale, "code")}</th><th scope="col">{t!(locale, "meaning")}</th><th scope="col" class="right">{t!(locale, "count")}</th></tr></thead>
                        <tbody>{home.codes.into_iter().map(|(code, count)| view! {
                            <tr><th scope="row"><a class="mono" href="/docs/mapping"><bdi>{code.clone()}</bdi></a></th><td>{code_label(locale, &code)}</td><td class="right">{count}</td></tr>
                        }).collect_view()}</tbody>
                    </table></div>
                })}
            </section>
            <section><h2>{t!(locale, "latest-jobs")}</h2>
                {no_jobs.then(|| view! { <EmptyState icon="import" title=t!(locale, "no-jobs") text=t!(locale, "no-jobs-text")/> })}
                {(!no_jobs).then(|| view! { <JobTable jobs=home.jobs locale now=request.viewer.now/><p><a href="/partner/jobs">{t!(locale, "all-jobs")}</a></p> })}
            </section>
            <ApiCallsTable lines=home.calls locale/>
        }
        .into_any())
    });
    view! { <AppFrame current="/partner">{content}</AppFrame> }
}

/// The active keys and secrets of the clients, without their values.
#[component]
fn Keys(keys: Vec<(String, CredentialSummary)>, locale: Locale, zone: String) -> impl IntoView {
    if keys.is_empty() {
        return view! { <p class="quiet">{t!(locale, "keys-none")}</p> }.into_any();
    }
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "client")}</th><th scope="col">{t!(locale, "key-value")}</th><th scope="col">{t!(locale, "key-label")}</th><th scope="col">{t!(locale, "key-created")}</th><th scope="col">{t!(locale, "key-expires")}</th><th scope="col">{t!(locale, "key-last-used")}</th></tr></thead>
            <tbody>{keys.into_iter().map(|(client, key)| {
                let moment = |at| format::moment(locale, at, &zone);
                let kind = by_key(locale, &format!("key-kind-{}", key.kind.name()));
                view! {
                    <tr data-credential=key.id.clone()><th scope="row"><bdi class="mono">{client}</bdi></th><td>{kind}" "<bdi class="mono small" dir="ltr">{key.recognizable()}</bdi></td><td><bdi>{key.label.clone()}</bdi></td>
                        <td>{moment(key.created_at)}</td><td>{key.expires_at.map_or_else(|| t!(locale, "never"), moment)}</td><td>{key.last_used_at.map_or_else(|| t!(locale, "never"), moment)}</td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
    .into_any()
}
