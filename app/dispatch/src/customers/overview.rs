//! What is open at a customer, the visits of the last months, and their figures.

use domain::ids::CustomerId;
use domain::locale::Locale;
use domain::public_language;
use domain::public_language::Tone;
use domain::visits::figures::{Month, VisitFigures};
use leptos::prelude::*;
use ordinavo_core::jobs::model::TargetSummary;
use ordinavo_core::requests::model::RequestSummary;
use ordinavo_core::visits::model::CustomerVisit;
use ui::components::{Chip, LateVisitMark, PriorityMark, StatusChip, TargetChip};
use ui::format;
use ui::i18n::by_key as shared_text;

use crate::shared::{job_subject, request_subject};
use crate::t;

/// How many visits are listed.
const SHOWN_VISITS: usize = 5;
/// The height of the highest bar, in units of the drawing.
const HEIGHT: u32 = 80;
/// The distance of the bars, and their width.
const STEP: usize = 40;
const WIDTH: usize = 26;

/// The figures at the top of the page.
#[component]
pub(super) fn Figures(figures: VisitFigures, open: String, visits: String, locale: Locale) -> impl IntoView {
    let percent = figures
        .in_window_percent
        .map(|percent| t!(locale, "percent", number = percent));
    view! {
        <dl class="figures">
            <div><dt>{t!(locale, "figure-open")}</dt><dd>{open}</dd></div>
            <div><dt>{t!(locale, "figure-visits")}</dt><dd>{visits}</dd></div>
            {percent.map(|percent| view! { <div><dt>{t!(locale, "figure-in-window")}</dt><dd>{percent}</dd></div> })}
            {(figures.not_completed > 0).then(|| view! { <div><dt>{t!(locale, "figure-not-completed")}</dt><dd>{figures.not_completed}</dd></div> })}
        </dl>
    }
}

/// Jobs and requests that are open.
#[component]
pub(super) fn OpenWork(
    customer: CustomerId,
    targets: Vec<TargetSummary>,
    requests: Vec<RequestSummary>,
    /// How many there are, in words.
    count: String,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let is_empty = targets.is_empty() && requests.is_empty();
    view! {
        <section class="panel" aria-labelledby="open-work">
            <div class="panel-head"><h2 id="open-work">{t!(locale, "figure-open")}<span class="count">{count}</span></h2><a href=format!("/app/jobs?customer={customer}")>{t!(locale, "customer-all-jobs")}</a></div>
            {is_empty.then(|| view! { <p class="panel-body quiet">{t!(locale, "customer-nothing-open")}</p> })}
            {(!is_empty).then(|| view! {
                <table class="table rows stackable">
                    <thead><tr><th scope="col">{t!(locale, "job")}</th><th scope="col">{t!(locale, "location")}</th><th scope="col">{t!(locale, "status")}</th><th scope="col">{t!(locale, "next-step")}</th><th scope="col">{t!(locale, "technician")}</th></tr></thead>
                    <tbody>
                        {requests.into_iter().map(|row| view! { <RequestRow row locale zone=zone.clone()/> }).collect_view()}
                        {targets.into_iter().map(|row| view! { <JobRow row locale zone=zone.clone()/> }).collect_view()}
                    </tbody>
                </table>
            })}
        </section>
    }
}

#[component]
fn JobRow(row: TargetSummary, locale: Locale, zone: String) -> impl IntoView {
    let zone = row.appointment_zone.unwrap_or(zone);
    let starts_at = row.starts_at.map(|start| format::moment(locale, start, &zone));
    view! {
        <tr>
            <th scope="row"><a href=format!("/app/targets/{}", row.id)><span dir="auto">{job_subject(locale, row.notes.as_deref(), row.service_type.as_deref())}</span>" "<bdi class="mono quiet">{format::job_number(row.number)}</bdi></a>" "<PriorityMark priority=row.priority locale/></th>
            <td><bdi>{row.location_name.or(row.location_city)}</bdi></td>
            <td><TargetChip status=row.status locale/>" "<LateVisitMark status=row.status ends_at=row.ends_at locale/></td>
            <td>{starts_at.unwrap_or_else(|| t!(locale, "to-schedule"))}</td>
            <td><bdi>{row.technician}</bdi></td>
        </tr>
    }
}

#[component]
fn RequestRow(row: RequestSummary, locale: Locale, zone: String) -> impl IntoView {
    view! {
        <tr>
            <th scope="row"><a href=format!("/app/inbox/{}", row.id)><span dir="auto">{request_subject(locale, &row.description, row.service_type)}</span>" "<bdi class="mono quiet">{format!("REQ-{}", row.number)}</bdi></a>" "<PriorityMark priority=row.priority locale/></th>
            <td><bdi>{row.location_name}</bdi></td>
            <td><StatusChip status=public_language::request(row.status, locale)/></td>
            <td class="quiet">{t!(locale, "received-at", time = format::stamp(locale, row.submitted_at, &zone))}</td>
            <td><bdi>{row.assignee_name}</bdi></td>
        </tr>
    }
}

/// The latest visits, and whether customers can read their reports.
#[component]
pub(super) fn Visits(visits: Vec<CustomerVisit>, locale: Locale) -> impl IntoView {
    (!visits.is_empty()).then(|| view! {
        <section class="panel" aria-labelledby="latest-visits">
            <div class="panel-head"><h2 id="latest-visits">{t!(locale, "latest-visits")}</h2></div>
            <table class="table rows stackable">
                <thead class="hidden"><tr><th scope="col">{t!(locale, "date")}</th><th scope="col">{t!(locale, "job")}</th><th scope="col">{t!(locale, "location")}</th><th scope="col">{t!(locale, "technician")}</th><th scope="col">{t!(locale, "status")}</th></tr></thead>
                <tbody>{visits.into_iter().take(SHOWN_VISITS).map(|visit| view! { <VisitRow visit locale/> }).collect_view()}</tbody>
            </table>
        </section>
    })
}

#[component]
fn VisitRow(visit: CustomerVisit, locale: Locale) -> impl IntoView {
    let href = visit.report_id.map_or_else(
        || format!("/app/targets/{}", visit.target_id),
        |report| format!("/app/reports/{report}"),
    );
    let (outcome, tone) = if visit.is_completed() {
        (shared_text(locale, "target-completed"), Tone::Good)
    } else {
        (shared_text(locale, "target-not_completed"), Tone::Bad)
    };
    let release = if visit.is_released {
        Some((t!(locale, "visit-released"), Tone::Good))
    } else {
        visit
            .report_id
            .map(|_| (t!(locale, "visit-not-released"), Tone::Neutral))
    };
    view! {
        <tr>
            <td class="quiet">{format::date(locale, visit.starts_at, &visit.zone)}</td>
            <th scope="row"><a href=href><span dir="auto">{job_subject(locale, visit.notes.as_deref(), visit.service_type.as_deref())}</span>" "<bdi class="mono quiet">{format::job_number(visit.number)}</bdi></a></th>
            <td class="quiet"><bdi>{visit.location_name}</bdi></td>
            <td class="quiet"><bdi>{visit.technician}</bdi></td>
            <td class="right"><Chip label=outcome tone/>{release.map(|(label, tone)| view! { " "<Chip label tone/> })}</td>
        </tr>
    }
}

/// The visits of the last twelve months as bars, with a table behind them.
#[component]
pub(super) fn VisitChart(figures: VisitFigures, locale: Locale) -> impl IntoView {
    let busiest = figures.busiest().max(1);
    let is_right_to_left = locale == Locale::Ar;
    let width = STEP * figures.months.len();
    let bars = figures.months.clone().into_iter().enumerate().map(|(at, month)| {
        let at = if is_right_to_left {
            figures.months.len() - 1 - at
        } else {
            at
        };
        let middle = STEP * at + STEP / 2;
        let (height, failed) = (month.visits * HEIGHT / busiest, month.not_completed * HEIGHT / busiest);
        view! {
            <rect class="bar-work" x=middle - WIDTH / 2 y=HEIGHT - height width=WIDTH height=height rx="3"/>
            <rect class="bar-failed" x=middle - WIDTH / 2 y=HEIGHT - height width=WIDTH height=failed rx="3"/>
            <text x=middle y=HEIGHT + 16 text-anchor="middle">{month_name(locale, month)}</text>
        }
    });
    let bars = bars.collect_view();
    (figures.visits > 0).then(|| view! {
        <section class="panel" aria-labelledby="visit-chart">
            <div class="panel-head"><h2 id="visit-chart">{t!(locale, "visits-twelve-months")}</h2>
                <p class="legend small quiet"><span class="legend-work">{t!(locale, "visits")}</span><span class="legend-failed">{shared_text(locale, "target-not_completed")}</span></p></div>
            <div class="panel-body">
                <svg class="visit-chart" viewBox=format!("0 -2 {width} {}", HEIGHT + 24) aria-hidden="true">{bars}<line class="chart-base" x1="0" x2=width y1=HEIGHT y2=HEIGHT/></svg>
                <details class="small"><summary>{t!(locale, "as-table")}</summary>
                    <table class="table"><caption class="hidden">{t!(locale, "visits-twelve-months")}</caption>
                        <thead><tr><th scope="col">{t!(locale, "month")}</th><th scope="col" class="right">{t!(locale, "visits")}</th><th scope="col" class="right">{shared_text(locale, "target-not_completed")}</th></tr></thead>
                        <tbody>{figures.months.into_iter().map(|month| view! { <tr><th scope="row">{month_name(locale, month)}" "{month.year}</th><td class="right">{month.visits}</td><td class="right">{month.not_completed}</td></tr> }).collect_view()}</tbody></table>
                </details>
            </div>
        </section>
    })
}

fn month_name(locale: Locale, month: Month) -> String {
    shared_text(locale, &format!("month-{}", month.month))
}
