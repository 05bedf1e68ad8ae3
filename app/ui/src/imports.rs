//! Import jobs and their items as every app shows them: chips, counts, code labels, filters and API calls.

use domain::imports::jobs::ImportChannel;
use domain::imports::{ImportJobStatus, ItemOutcome};
use domain::locale::Locale;
use domain::mapping::table;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::model::ImportJobView;
use ordinavo_core::integrations::model::{ApiCallEntry, UsageEntry};

use crate::components::Chip;
use crate::format;
use crate::i18n::by_key;
use crate::word;

pub const fn outcome_tone(outcome: ItemOutcome) -> Tone {
    match outcome {
        ItemOutcome::Created => Tone::Good,
        ItemOutcome::Updated => Tone::Info,
        ItemOutcome::Unchanged => Tone::Neutral,
        ItemOutcome::Skipped => Tone::Warn,
        ItemOutcome::Failed => Tone::Bad,
    }
}

#[component]
pub fn OutcomeChip(outcome: ItemOutcome, locale: Locale) -> impl IntoView {
    view! { <Chip label=by_key(locale, &format!("outcome-{}", outcome.name())) tone=outcome_tone(outcome)/> }
}

#[component]
pub fn ImportJobChip(status: ImportJobStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        ImportJobStatus::Accepted | ImportJobStatus::Processing => Tone::Info,
        ImportJobStatus::Completed => Tone::Good,
        ImportJobStatus::Failed => Tone::Bad,
        ImportJobStatus::Cancelled => Tone::Neutral,
    };
    view! { <Chip label=by_key(locale, &format!("job-{}", status.name())) tone/> }
}

/// Renders the channel and mode of an import job.
#[component]
pub fn ImportJobKind(job: ImportJobView, locale: Locale) -> impl IntoView {
    let mode = by_key(locale, &format!("job-mode-{}", job.mode.name()));
    view! {
        <span>{mode}</span>
        {(job.channel == ImportChannel::Csv).then(|| view! { " "<Chip label=word!(locale, "job-from-file") tone=Tone::Neutral/> })}
        {job.dry_run.then(|| view! { " "<Chip label=word!(locale, "job-dry-run") tone=Tone::Neutral/> })}
    }
}

/// Renders how many items ended with each outcome; outcomes with a count of zero are omitted.
#[component]
pub fn ImportJobCounts(job: ImportJobView, locale: Locale) -> impl IntoView {
    let counts = [
        (ItemOutcome::Created, job.created_count),
        (ItemOutcome::Updated, job.updated_count),
        (ItemOutcome::Unchanged, job.unchanged_count),
        (ItemOutcome::Skipped, job.skipped_count),
        (ItemOutcome::Failed, job.failed_count),
    ];
    let ended = format!("{} / {}", job.processed_items(), job.item_count);
    let warning_count = job.warned_count;
    view! {
        <span class="counts"><bdi>{ended}</bdi>
        {counts.into_iter().filter(|(_, count)| *count > 0).map(|(outcome, count)| view! {
            <Chip label=format!("{count} {}", by_key(locale, &format!("outcome-{}", outcome.name()))) tone=outcome_tone(outcome)/>
        }).collect_view()}
        {(warning_count > 0).then(|| view! { <span class="quiet">{word!(locale, "job-warned", count = warning_count)}</span> })}</span>
    }
}

/// Returns the label of a code, or the code itself if it has none.
pub fn code_label(locale: Locale, code: &str) -> String {
    let key = format!("code-{code}");
    let words = by_key(locale, &key);
    if words == key { code.to_owned() } else { words }
}

/// Renders the filters of a job's items: outcome and code.
#[component]
pub fn ItemFilters(
    #[prop(into)] action: String,
    locale: Locale,
    #[prop(into)] status: String,
    #[prop(into)] code: String,
) -> impl IntoView {
    view! {
        <form method="get" action=action class="filters">
            <label>{word!(locale, "import-status")}" "
                <select name="status">
                    <option value="" selected=status.is_empty()>{word!(locale, "import-all")}</option>
                    {ItemOutcome::ALL.iter().map(|outcome| outcome.name()).map(|name| view! { <option value=name selected=status == name>{by_key(locale, &format!("outcome-{name}"))}</option> }).collect_view()}
                </select></label>
            <label>{word!(locale, "import-codes")}" "
                <select name="code">
                    <option value="" selected=code.is_empty()>{word!(locale, "import-all")}</option>
                    {table::codes().iter().map(|(name, _)| view! { <option value=*name selected=code == *name>{code_label(locale, name)}</option> }).collect_view()}
                </select></label>
            <button class="button" type="submit">{word!(locale, "import-filter")}</button>
        </form>
    }
}

/// Renders the API calls of each day; nothing if there are none.
#[component]
pub fn ApiCallsTable(lines: Vec<UsageEntry>, locale: Locale) -> impl IntoView {
    (!lines.is_empty()).then(|| view! {
        <section><h2>{word!(locale, "api-calls-title")}</h2>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">{word!(locale, "api-calls-day")}</th><th scope="col" class="right">{word!(locale, "api-calls-successful")}</th><th scope="col" class="right">{word!(locale, "api-calls-rejected")}</th><th scope="col" class="right">{word!(locale, "api-calls-rate-limited")}</th></tr></thead>
                <tbody>{lines.into_iter().map(|line| view! { <tr><th scope="row">{line.day}</th><td class="right">{line.answered}</td><td class="right">{line.refused}</td><td class="right">{line.limited}</td></tr> }).collect_view()}</tbody>
            </table></div>
        </section>
    })
}

/// The request log: what integration clients called and what was answered.
#[component]
pub fn RequestLog(calls: Vec<ApiCallEntry>, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <div class="table-frame"><table class="table">
            <thead><tr><th scope="col">{word!(locale, "request-log-time")}</th><th scope="col">{word!(locale, "request-log-client")}</th><th scope="col">{word!(locale, "request-log-request")}</th><th scope="col">{word!(locale, "request-log-answer")}</th><th scope="col" class="right">{word!(locale, "request-log-duration")}</th><th scope="col">{word!(locale, "request-id")}</th></tr></thead>
            <tbody>{calls.into_iter().map(|call| {
                let tone = if call.status >= 400 { Tone::Bad } else { Tone::Good };
                let request_id = call.request_id.clone();
                let code = call.code.map(|code| view! { " "<a class="mono small" href=format!("/docs/problems/{code}")><bdi>{code.clone()}</bdi></a> });
                view! {
                    <tr data-call=request_id><th scope="row">{format::moment(locale, call.called_at, &zone)}</th>
                        <td><bdi class="mono">{call.client_name}</bdi>{call.is_test.then(|| view! { " "<Chip label=word!(locale, "request-log-test") tone=Tone::Neutral/> })}</td>
                        <td class="breaks"><bdi class="mono small" dir="ltr">{call.method}" "{call.path}</bdi></td>
                        <td><Chip label=call.status.to_string() tone/>{code}</td>
                        <td class="right"><bdi>{call.duration_ms}" ms"</bdi></td>
                        <td><bdi class="mono small">{call.request_id}</bdi></td></tr>
                }
            }).collect_view()}</tbody>
        </table></div>
    }
}
