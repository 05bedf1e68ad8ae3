//! Import jobs of the source system and their items, with the codes of the API.

use chrono::{DateTime, Utc};
use domain::ids::ImportJobId;
use domain::imports::results::{ImportItemResult, ItemNote, MappingEntry};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::jobs::ItemFilter;
use ordinavo_core::imports::model::ImportJobView;
use ordinavo_core::integrations::partner_console;
use ui::components::{Chip, EmptyState, Fact, Pager};
use ui::format;
use ui::imports::{ImportJobChip, ImportJobCounts, ImportJobKind, ItemFilters, OutcomeChip, code_label};
use ui::page::{cursor, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::shared::viewer_partner;
use crate::shell::AppFrame;
use crate::t;

#[component]
pub fn JobsPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let found = partner_console::list(&request.core, &viewer, request.cursor("before")).await?;
        let next = found
            .rows
            .last()
            .filter(|_| found.has_more)
            .map(|row| format!("/partner/jobs?before={}", cursor(row.created_at, row.id)));
        let first = (!request.query("before").is_empty()).then(|| "/partner/jobs".to_owned());
        let empty = found.rows.is_empty();
        Ok(view! {
            <Title text=t!(locale, "nav-jobs")/>
            <h1>{t!(locale, "nav-jobs")}</h1>
            {empty.then(|| view! { <EmptyState icon="import" title=t!(locale, "no-jobs") text=t!(locale, "no-jobs-text")/> })}
            {(!empty).then(|| view! { <JobTable jobs=found.rows locale now=request.viewer.now/> })}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/partner/jobs">{content}</AppFrame> }
}

#[component]
pub fn JobTable(jobs: Vec<ImportJobView>, locale: Locale, now: DateTime<Utc>) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{t!(locale, "time")}</th><th scope="col">{t!(locale, "client")}</th><th scope="col">{by_key(locale, "job-kind")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{by_key(locale, "job-counts")}</th></tr></thead>
            <tbody>{jobs.into_iter().map(|job| view! {
                <tr><th scope="row"><a href=format!("/partner/jobs/{}", job.id)>{format::age(locale, job.created_at, now)}</a></th>
                    <td><bdi class="mono">{job.client_name.clone()}</bdi></td>
                    <td><ImportJobKind job=job.clone() locale/></td>
                    <td><ImportJobChip status=job.status locale/></td>
                    <td><ImportJobCounts job locale/></td></tr>
            }).collect_view()}</tbody>
        </table></div>
    }
}

#[component]
pub fn JobPage() -> impl IntoView {
    let viewer = viewer_partner();
    let content = page(|request| async move {
        let viewer = viewer?;
        let locale = request.viewer.locale;
        let id: ImportJobId = request.id("id")?;
        let query_filter = |name: &str| Some(request.query(name)).filter(|text| !text.is_empty());
        let filter = ItemFilter {
            status: query_filter("status"),
            warning_code: query_filter("code"),
        };
        let after = request.query("after").parse().unwrap_or(-1);
        let (job, items) = partner_console::job(&request.core, &viewer, id, after, &filter).await?;
        let (status, code) = (request.query("status"), request.query("code"));
        let page_href = |after: i64| {
            let after = after.to_string();
            let query = format::query([("after", after.as_str()), ("status", &status), ("code", &code)]);
            format!("/partner/jobs/{id}?{query}")
        };
        let next = items
            .rows
            .last()
            .filter(|_| items.has_more)
            .map(|row| page_href(row.index));
        let first = (after >= 0).then(|| page_href(-1));
        let empty = items.rows.is_empty();
        let is_running = job.status.is_active();
        let refresh_href = page_href(-1);
        let (for_kind, for_counts) = (job.clone(), job.clone());
        Ok(view! {
            <Title text=t!(locale, "job-title")/>
            <p><a href="/partner/jobs">{t!(locale, "nav-jobs")}</a></p>
            <header class="title-row"><h1>{format::moment(locale, job.created_at, viewer.zone())}</h1><ImportJobChip status=job.status locale/></header>
            {is_running.then(|| view! { <p class="notice" role="status">{t!(locale, "job-running")}" "<a href=refresh_href>{t!(locale, "job-refresh")}</a></p> })}
            <dl class="facts">
                <Fact name="id"><bdi class="mono" dir="ltr">{job.id.to_string()}</bdi></Fact>
                <Fact name=t!(locale, "client")><bdi class="mono">{job.client_name.clone()}</bdi></Fact>
                <Fact name=by_key(locale, "job-kind")><ImportJobKind job=for_kind locale/></Fact>
                <Fact name=by_key(locale, "job-counts")><ImportJobCounts job=for_counts locale/></Fact>
            </dl>
            <ItemFilters action=format!("/partner/jobs/{id}") locale status code/>
            {empty.then(|| view! { <EmptyState icon="import" title=t!(locale, "items-empty") text=t!(locale, "items-empty-text")/> })}
            {items.rows.into_iter().map(|item| view! { <ItemCard item locale/> }).collect_view()}
            <Pager locale next first/>
        }
        .into_any())
    });
    view! { <AppFrame current="/partner/jobs">{content}</AppFrame> }
}

/// An item with the fields of the API.
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

/// The mapping status of a customer, location or contact.
#[component]
fn MappingWords(entry: MappingEntry, locale: Locale) -> impl IntoView {
    view! {
        <span>{by_key(locale, &format!("mapping-{}", entry.status.name()))}</span>
        {entry.id.map(|id| view! { " "<bdi class="mono small quiet" dir="ltr">{id}</bdi> })}
    }
}

/// Warnings or errors: label, code, and the JSON pointer to the input.
#[component]
fn Notes(title: String, notes: Vec<ItemNote>, locale: Locale) -> impl IntoView {
    (!notes.is_empty()).then(|| view! {
        <h4>{title}</h4>
        <ul>{notes.into_iter().map(|note| view! {
            <li>{code_label(locale, &note.code)}" "<bdi class="mono small quiet" dir="ltr">{note.code.clone()}" "{note.pointer}</bdi></li>
        }).collect_view()}</ul>
    })
}
