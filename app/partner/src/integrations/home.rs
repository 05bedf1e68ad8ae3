//! Home: latest imports, most frequent codes and API calls.

use leptos::prelude::*;
use ordinavo_core::integrations::partner_console;
use ui::components::{EmptyState, Fact};
use ui::imports::{ApiCallsTable, code_label};
use ui::page::page;
use ui::title::Title;

use crate::imports::jobs::JobTable;
use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;

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
        Ok(view! {
            <Title text=t!(locale, "home-title")/>
            <h1>{t!(locale, "home-title")}" "<bdi class="mono">{viewer.source_key().to_owned()}</bdi></h1>
            <dl class="facts">
                <Fact name=t!(locale, "mapping-rate")><strong class="figure">{rate}</strong>" "<span class="quiet">{t!(locale, "mapping-rate-text", items = items, named = named, linked = linked)}</span></Fact>
                <Fact name=t!(locale, "clients")>{clients.into_iter().map(|client| view! { <p><bdi class="mono">{client.name}</bdi>" "<bdi class="mono small quiet">{client.scopes.join(" ")}</bdi></p> }).collect_view()}</Fact>
            </dl>
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
