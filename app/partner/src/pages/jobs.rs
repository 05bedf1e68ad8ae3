//! Jobs of the source system and their items, in the words and codes of the API.

use chrono::{DateTime, Utc};
use domain::ids::ImportJobId;
use domain::import_results::{ImportItemResult, ItemNote, MappingEntry};
use domain::imports::ImportJobStatus;
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::jobs::ItemFilter;
use ordinavo_core::imports::model::ImportJobView;
use ordinavo_core::integrations::partner_console;
use ui::format;
use ui::imports::{ItemFilters, JobChip, JobCounts, JobKind, OutcomeChip, code_words};
use ui::load::{page, place};
use ui::parts::{Chip, Empty, Fact, Pager};
use ui::title::Title;

use super::viewer_partner;
use crate::shell::Framed;
use crate::t;
use crate::words::by_key;

/// `/partner/jobs`.
#[component]
pub fn JobsPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let found = partner_console::list(&request.core, &viewer, request.place("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/partner/jobs?before={}", place(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/partner/jobs".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "nav-jobs")/>
            <h1>{t!(locale, "nav-jobs")}</h1>
            {empty.then(|| view! { <Empty icon="import" title=t!(locale, "no-jobs") text=t!(locale, "no-jobs-text")/> })}
            {(!empty).then(|| view! { <JobTable jobs=found.rows locale now=request.viewer.now/> })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/partner/jobs">{content}</Framed> }
}

/// Jobs, one a row.
#[component]
pub fn JobTable(jobs: Vec<ImportJobView>, locale: Locale, now: DateTime<Utc>) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "client")}</th><th scope="col">{by_key(locale, "job-kind")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{by_key(locale, "job-counts")}</th></tr></thead>
            <tbody>{jobs.into_iter().map(|job| view! {
                <tr><th scope="row"><a href=format!("/partner/jobs/{}", job.id)>{format::age(locale, job.created_at, now)}</a></th>
                    <td><bdi class="mono">{job.client_name.clone()}</bdi></td>
                    <td><JobKind job=job.clone() locale/></td>
                    <td><JobChip status=job.status locale/></td>
                    <td><JobCounts job locale/></td></tr>
            }).collect_view()}</tbody>
        </table></div>
    }
}

/// `/partner/jobs/{id}`.
#[component]
pub fn JobPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let id: ImportJobId = request.id("id")?;
        let named = |name: &str| Some(request.query(name)).filter(|text| !text.is_empty());
        let filter = ItemFilter {
            status: named("status"),
            warning_code: named("code"),
        };
        let after = request.query("after").parse().unwrap_or(-1);
        let (job, items) = partner_console::job(&request.core, &viewer, id, after, &filter).await?;
        let (status, code) = (request.query("status"), request.query("code"));
        let query = |after: i64| {
            let escape = format::escape_query;
            format!(
                "/partner/jobs/{id}?after={after}&status={}&code={}",
                escape(&status),
                escape(&code)
            )
        };
        let next = items.rows.last().filter(|_| items.has_more).map(|row| query(row.index));
        let first = (after >= 0).then(|| query(-1));
        let empty = items.rows.is_empty();
        let runs = matches!(job.status, ImportJobStatus::Accepted | ImportJobStatus::Processing);
        let again = query(-1);
        let (for_kind, for_counts) = (job.clone(), job.clone());
        Ok(view! {
            <Title text=t!(locale, "job-title")/>
            <p><a href="/partner/jobs">{t!(locale, "nav-jobs")}</a></p>
            <header class="title-row"><h1>{format::moment(locale, job.created_at, viewer.zone())}</h1><JobChip status=job.status locale/></header>
            {runs.then(|| view! { <p class="notice" role="status">{t!(locale, "job-running")}" "<a href=again>{t!(locale, "job-refresh")}</a></p> })}
            <dl class="facts">
                <Fact name="id"><bdi class="mono" dir="ltr">{job.id.to_string()}</bdi></Fact>
                <Fact name=t!(locale, "client")><bdi class="mono">{job.client_name.clone()}</bdi></Fact>
                <Fact name=by_key(locale, "job-kind")><JobKind job=for_kind locale/></Fact>
                <Fact name=by_key(locale, "job-counts")><JobCounts job=for_counts locale/></Fact>
            </dl>
            <ItemFilters action=format!("/partner/jobs/{id}") locale status code/>
            {empty.then(|| view! { <Empty icon="import" title=t!(locale, "items-empty") text=t!(locale, "items-empty-text")/> })}
            {items.rows.into_iter().map(|item| view! { <ItemCard item locale/> }).collect_view()}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <Framed current="/partner/jobs">{content}</Framed> }
}

/// An item as the API tells it.
#[component]
fn ItemCard(item: ImportItemResult, locale: Locale) -> impl IntoView {
    let parts = item.mapping.map(|mapping| {
        [
            (t!(locale, "customer"), mapping.customer),
            (t!(locale, "location"), mapping.location),
            (t!(locale, "contact"), mapping.contact),
        ]
    });
    let status = item.status;
    view! {
        <article class="card">
            <header class="title-row"><h3><bdi class="mono" dir="ltr">{item.external_id}</bdi></h3>
                {match item.outcome {
                    Some(outcome) => view! { <OutcomeChip outcome locale/> }.into_any(),
                    None => view! { <Chip label=by_key(locale, &format!("item-{}", status.name())) tone=Tone::Neutral/> }.into_any(),
                }}
            </header>
            <dl class="facts">
                {item.target_id.map(|target| view! { <Fact name="targetId"><bdi class="mono" dir="ltr">{target.to_string()}</bdi></Fact> })}
                {parts.into_iter().flatten().map(|(name, entry)| view! { <Fact name><MappingWords entry locale/></Fact> }).collect_view()}
            </dl>
            <Notes title=t!(locale, "warnings") notes=item.warnings locale/>
            <Notes title=t!(locale, "errors") notes=item.errors locale/>
        </article>
    }
}

/// What became of one part of the context.
#[component]
fn MappingWords(entry: MappingEntry, locale: Locale) -> impl IntoView {
    view! {
        <span>{by_key(locale, &format!("mapping-{}", entry.status.name()))}</span>
        {entry.id.map(|id| view! { " "<bdi class="mono small quiet" dir="ltr">{id}</bdi> })}
    }
}

/// Warnings or errors: in words, by code, and where in what was sent.
#[component]
fn Notes(title: String, notes: Vec<ItemNote>, locale: Locale) -> impl IntoView {
    (!notes.is_empty()).then(|| view! {
        <h4>{title}</h4>
        <ul>{notes.into_iter().map(|note| view! {
            <li>{code_words(locale, &note.code)}" "<bdi class="mono small quiet" dir="ltr">{note.code.clone()}" "{note.pointer}</bdi></li>
        }).collect_view()}</ul>
    })
}
