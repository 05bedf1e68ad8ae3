//! Imports: every item with the decision that was stored about it.

use domain::imports::ItemOutcome;
use domain::locale::Locale;
use domain::permissions::ViewImports;
use domain::public_language::Tone;
use leptos::prelude::*;
use leptos_meta::Title;
use ordinavo_core::services::integrations;
use ordinavo_core::views::ImportItemView;
use serde_json::Value;
use ui::format;
use ui::load::{page, place};
use ui::parts::{Chip, Empty, Fact, Identifier, Pager};

use super::viewer_staff;
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// The tone of an outcome.
const fn tone(outcome: ItemOutcome) -> Tone {
    match outcome {
        ItemOutcome::Created => Tone::Good,
        ItemOutcome::Updated => Tone::Info,
        ItemOutcome::Unchanged => Tone::Neutral,
        ItemOutcome::Skipped => Tone::Warn,
        ItemOutcome::Failed => Tone::Bad,
    }
}

/// The codes in a stored list of notes.
fn codes(notes: &Value) -> Vec<String> {
    notes
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|note| note["code"].as_str().map(str::to_owned))
        .collect()
}

/// `/app/imports`.
#[component]
pub fn ImportsPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let found =
            integrations::import_items(&request.core, staff.may::<ViewImports>()?, request.place("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/app/imports?before={}", place(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/app/imports".to_owned());
        let empty = found.rows.is_empty();
        let now = request.viewer.now;
        Ok(view! {
            <Title text=t!(locale, "imports-title")/>
            <h1>{t!(locale, "imports-title")}</h1>
            {empty.then(|| view! { <Empty icon="import" title=t!(locale, "imports-empty") text=t!(locale, "imports-empty-text")/> })}
            {(!empty).then(|| view! {
                <div class="table-frame"><table class="table">
                    <thead><tr><th scope="col">{t!(locale, "external-id")}</th><th scope="col">{t!(locale, "outcome")}</th><th scope="col">{t!(locale, "rules")}</th><th scope="col">{t!(locale, "warnings")}</th><th scope="col">{t!(locale, "client")}</th><th scope="col">{t!(locale, "when")}</th></tr></thead>
                    <tbody>{found.rows.into_iter().map(|row| {
                        let rules = ["customer", "location", "contact", "target"].into_iter().filter_map(|part| row.decision[part]["rule"].as_str().map(str::to_owned)).collect::<Vec<_>>().join(" · ");
                        let warnings = codes(&row.warnings).into_iter().chain(codes(&row.errors)).collect::<Vec<_>>().join(", ");
                        view! {
                            <tr><th scope="row"><a href=format!("/app/imports/{}", row.job_id)><bdi class="mono">{row.external_id}</bdi></a></th>
                                <td><Chip label=by_key(locale, &format!("outcome-{}", row.outcome.name())) tone=tone(row.outcome)/></td>
                                <td><bdi class="mono">{rules}</bdi></td><td><bdi class="mono small">{warnings}</bdi></td><td><bdi class="mono">{row.client_name}</bdi></td><td>{format::age(locale, row.created_at, now)}</td></tr>
                        }
                    }).collect_view()}</tbody>
                </table></div>
            })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// `/app/imports/{id}`.
#[component]
pub fn ImportPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let items = integrations::import_job(&request.core, staff.may::<ViewImports>()?, request.id("id")?).await?;
        let zone = staff.zone().to_owned();
        Ok(view! {
            <Title text=t!(locale, "imports-title")/>
            <h1>{t!(locale, "imports-title")}</h1>
            {items.into_iter().map(|item| view! { <ItemCard item locale zone=zone.clone()/> }).collect_view()}
        }
        .into_any())
    });
    view! { <Framed current="/app/imports">{content}</Framed> }
}

/// An item with its stored decision.
#[component]
pub fn ItemCard(item: ImportItemView, locale: Locale, zone: String) -> impl IntoView {
    let warnings = codes(&item.warnings);
    let errors = codes(&item.errors);
    let parts = [
        ("customer", t!(locale, "customer")),
        ("location", t!(locale, "location")),
        ("contact", t!(locale, "contact")),
    ];
    let decision = serde_json::to_string_pretty(&item.decision.0).unwrap_or_default();
    let mapping = item.mapping.0.clone();
    view! {
        <article class="card">
            <header class="title-row"><h3><Identifier text=item.external_id locale/></h3><Chip label=by_key(locale, &format!("outcome-{}", item.outcome.name())) tone=tone(item.outcome)/></header>
            <dl class="facts">
                <Fact name=t!(locale, "client")><bdi class="mono">{item.client_name}</bdi></Fact>
                <Fact name=t!(locale, "source")><bdi class="mono">{item.source_key}</bdi></Fact>
                <Fact name=t!(locale, "when")>{format::moment(locale, item.created_at, &zone)}</Fact>
                {parts.into_iter().map(|(part, name)| {
                    let entry = mapping[part].clone();
                    let words = by_key(locale, &format!("mapping-{}", entry["status"].as_str().unwrap_or("skipped")));
                    let rule = entry["rule"].as_str().unwrap_or_default().to_owned();
                    view! { <Fact name>{words}" "<bdi class="mono">{rule}</bdi></Fact> }
                }).collect_view()}
                {item.target_id.map(|target| view! { <Fact name=t!(locale, "job")><a href=format!("/app/targets/{target}")>{t!(locale, "open-job")}</a></Fact> })}
                {(!warnings.is_empty()).then(|| view! { <Fact name=t!(locale, "warnings")><bdi class="mono small">{warnings.join(", ")}</bdi></Fact> })}
                {(!errors.is_empty()).then(|| view! { <Fact name=t!(locale, "errors")><bdi class="mono small">{errors.join(", ")}</bdi></Fact> })}
            </dl>
            <details><summary>{t!(locale, "decision")}</summary><pre class="code" dir="ltr" tabindex="0">{decision}</pre></details>
        </article>
    }
}
