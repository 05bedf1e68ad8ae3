//! The unscheduled jobs beside the day, in groups by when they are wanted.

use chrono::{DateTime, NaiveDate, Utc};
use domain::locale::Locale;
use domain::scheduling::due::Due;
use leptos::prelude::*;
use ordinavo_core::scheduling::BoardJob;
use ui::components::{EmptyState, PriorityMark};
use ui::format;
use ui::icons::Icon;

use crate::i18n::by_key;
use crate::scheduling::board::reschedule_path;
use crate::shared::service_label;
use crate::t;

#[component]
pub(super) fn Pool(
    /// The most urgent first.
    jobs: Vec<BoardJob>,
    date: NaiveDate,
    /// How many there are, in words.
    count: String,
    /// The path of the next page.
    more: Option<String>,
    can_plan: bool,
    back: String,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let is_empty = jobs.is_empty();
    let board_zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let due_of = |job: &BoardJob| Due::of(job.priority, job.window().map(|(_, end)| end), date, &board_zone);
    let groups = Due::ALL.map(|due| {
        let jobs: Vec<BoardJob> = jobs.iter().filter(|job| due_of(job) == due).cloned().collect();
        (due, jobs)
    });
    view! {
        <section class="board-pool" aria-labelledby="pool-title">
            <h2 id="pool-title">{t!(locale, "board-unscheduled")}<span class="count">{count}</span></h2>
            {is_empty.then(|| view! { <EmptyState icon="check" title=t!(locale, "board-unscheduled-empty") text=t!(locale, "board-unscheduled-empty-text")/> })}
            {(!is_empty).then(|| view! { <input id="pool-filter" class="filter-list" type="search" autocomplete="off" aria-label=t!(locale, "pool-search") placeholder=t!(locale, "pool-search")/> })}
            {groups.into_iter().filter(|(_, jobs)| !jobs.is_empty()).map(|(due, jobs)| view! {
                <h3>{by_key(locale, &format!("pool-{}", due.name()))}<span class="count">{jobs.len()}</span></h3>
                <ul class="plain">{jobs.into_iter().map(|job| view! { <UnscheduledJobCard job locale can_plan back=back.clone() zone=zone.clone()/> }).collect_view()}</ul>
            }).collect_view()}
            {more.map(|href| view! { <p><a href=href>{t!(locale, "board-unscheduled-more")}</a></p> })}
        </section>
    }
}

#[component]
fn UnscheduledJobCard(job: BoardJob, locale: Locale, can_plan: bool, back: String, zone: String) -> impl IntoView {
    let target = job.target_id.to_string();
    let number = format::job_number(job.number);
    let zone = job.location_zone.clone().unwrap_or(zone);
    let window = job.window().map(|(start, end)| window_text(locale, start, end, &zone));
    let skills = job.required_skills.0.clone();
    let place = job.city.or(job.location_name);
    let reschedule_link = can_plan.then(|| {
        let (href, label) = (
            reschedule_path(&target, &back),
            t!(locale, "board-schedule-job", job = number.clone()),
        );
        view! { <a class="stop-move" href=href aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
    });
    view! {
        <li class="pool-card" data-drag=can_plan.then(|| target.clone()) data-length=job.duration_minutes.to_string()>
            <a class="stop-link" href=format!("/app/targets/{target}") draggable="false">
                <span class="pool-top"><strong><bdi>{job.customer_name.unwrap_or_else(|| number.clone())}</bdi></strong><span class="quiet">{t!(locale, "minutes", count = job.duration_minutes)}</span></span>
                <span class="quiet">{service_label(locale, job.service_type.as_deref())}{place.map(|place| view! { " · "<bdi>{place}</bdi> })}" · "<bdi class="mono">{number}</bdi></span>
                <span class="pool-foot"><PriorityMark priority=job.priority locale/>{skills.into_iter().map(|skill| view! { <span class="tag"><bdi>{skill}</bdi></span> }).collect_view()}{window.map(|window| view! { <span class="quiet icon-line"><Icon name="clock"/><bdi>{window}</bdi></span> })}</span>
            </a>
            {reschedule_link}
        </li>
    }
}

/// Formats the requested window; its day once where it begins and ends on the same.
fn window_text(locale: Locale, start: DateTime<Utc>, end: DateTime<Utc>, zone: &str) -> String {
    if format::date(locale, start, zone) == format::date(locale, end, zone) {
        return format!(
            "{} {}",
            format::date(locale, start, zone),
            format::span(start, end, zone)
        );
    }
    format!(
        "{} – {}",
        format::moment(locale, start, zone),
        format::moment(locale, end, zone)
    )
}
