//! Import jobs and their items as every app shows them: chips, counts, codes in words, filters, calls.

use domain::import_jobs::ImportChannel;
use domain::imports::{ImportJobStatus, ItemOutcome};
use domain::locale::Locale;
use domain::mapping::table;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::imports::model::ImportJobView;
use ordinavo_core::integrations::model::UseLine;

use crate::parts::Chip;
use crate::word;
use crate::words::by_key;

/// The tone of an outcome.
pub const fn outcome_tone(outcome: ItemOutcome) -> Tone {
    match outcome {
        ItemOutcome::Created => Tone::Good,
        ItemOutcome::Updated => Tone::Info,
        ItemOutcome::Unchanged => Tone::Neutral,
        ItemOutcome::Skipped => Tone::Warn,
        ItemOutcome::Failed => Tone::Bad,
    }
}

/// The chip of an outcome.
#[component]
pub fn OutcomeChip(outcome: ItemOutcome, locale: Locale) -> impl IntoView {
    view! { <Chip label=by_key(locale, &format!("outcome-{}", outcome.name())) tone=outcome_tone(outcome)/> }
}

/// The chip of a job.
#[component]
pub fn JobChip(status: ImportJobStatus, locale: Locale) -> impl IntoView {
    let tone = match status {
        ImportJobStatus::Accepted | ImportJobStatus::Processing => Tone::Info,
        ImportJobStatus::Completed => Tone::Good,
        ImportJobStatus::Failed => Tone::Bad,
        ImportJobStatus::Cancelled => Tone::Neutral,
    };
    view! { <Chip label=by_key(locale, &format!("job-{}", status.name())) tone/> }
}

/// How a job came in and how its items depend on each other.
#[component]
pub fn JobKind(job: ImportJobView, locale: Locale) -> impl IntoView {
    let mode = by_key(locale, &format!("job-mode-{}", job.mode.name()));
    view! {
        <span>{mode}</span>
        {(job.channel == ImportChannel::Csv).then(|| view! { " "<Chip label="CSV" tone=Tone::Neutral/> })}
        {job.dry_run.then(|| view! { " "<Chip label=word!(locale, "job-dry-run") tone=Tone::Neutral/> })}
    }
}

/// How many items ended in which way; nothing is said about what did not happen.
#[component]
pub fn JobCounts(job: ImportJobView, locale: Locale) -> impl IntoView {
    let counts = [
        (ItemOutcome::Created, job.created_count),
        (ItemOutcome::Updated, job.updated_count),
        (ItemOutcome::Unchanged, job.unchanged_count),
        (ItemOutcome::Skipped, job.skipped_count),
        (ItemOutcome::Failed, job.failed_count),
    ];
    let ended = format!("{} / {}", job.ended_items(), job.item_count);
    let warned = job.warned_count;
    view! {
        <span class="counts"><bdi>{ended}</bdi>
        {counts.into_iter().filter(|(_, count)| *count > 0).map(|(outcome, count)| view! {
            <Chip label=format!("{count} {}", by_key(locale, &format!("outcome-{}", outcome.name()))) tone=outcome_tone(outcome)/>
        }).collect_view()}
        {(warned > 0).then(|| view! { <span class="quiet">{word!(locale, "job-warned", count = warned)}</span> })}</span>
    }
}

/// A code in words; the code itself if it has none in this language.
pub fn code_words(locale: Locale, code: &str) -> String {
    let key = format!("code-{code}");
    let words = by_key(locale, &key);
    if words == key { code.to_owned() } else { words }
}

/// Codes in words, each with its name for people who know the API.
#[component]
pub fn Codes(codes: Vec<String>, locale: Locale) -> impl IntoView {
    codes
        .into_iter()
        .map(|code| view! { <span class="code-line">{code_words(locale, &code)}" "<bdi class="mono small quiet">{code}</bdi></span> })
        .collect_view()
}

/// Chooses which items of a job are shown: by outcome and by code.
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
                    {table::codes().iter().map(|(name, _)| view! { <option value=*name selected=code == *name>{code_words(locale, name)}</option> }).collect_view()}
                </select></label>
            <button class="button" type="submit">{word!(locale, "import-filter")}</button>
        </form>
    }
}

/// Calls by day; nothing if there were none.
#[component]
pub fn Calls(lines: Vec<UseLine>, locale: Locale) -> impl IntoView {
    (!lines.is_empty()).then(|| view! {
        <section><h2>{word!(locale, "api-calls-title")}</h2>
            <div class="table-frame"><table class="table">
                <thead><tr><th scope="col">{word!(locale, "api-calls-day")}</th><th scope="col" class="right">{word!(locale, "api-calls-successful")}</th><th scope="col" class="right">{word!(locale, "api-calls-rejected")}</th><th scope="col" class="right">{word!(locale, "api-calls-rate-limited")}</th></tr></thead>
                <tbody>{lines.into_iter().map(|line| view! { <tr><th scope="row">{line.day}</th><td class="right">{line.answered}</td><td class="right">{line.refused}</td><td class="right">{line.limited}</td></tr> }).collect_view()}</tbody>
            </table></div>
        </section>
    })
}
