//! The week view: a line for each technician, a column for each day.

use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::scheduling::BoardVisit;
use ordinavo_core::scheduling::board::{Line, WeekDay};
use ui::components::{Chip, EmptyState, LateVisitMark};
use ui::format;
use ui::i18n::by_key as shared_text;
use ui::icons::Icon;

use crate::i18n::by_key;
use crate::scheduling::board::{
    BoardView, board_path, conflict_text, duration_text, has_same_local_time, reschedule_path, status_icon, visit_time,
};
use crate::t;

/// Seven days of all technicians; each day comes with its label.
#[component]
pub fn Week(days: Vec<(String, WeekDay)>, locale: Locale, zone: String) -> impl IntoView {
    let names: Vec<(String, String)> = days
        .first()
        .map(|(_, day)| {
            day.lines
                .iter()
                .map(|line| (line.technician.id.to_string(), line.technician.display_name.clone()))
                .collect()
        })
        .unwrap_or_default();
    let empty = names.is_empty();
    let back = days
        .first()
        .map(|(_, day)| board_path(day.date, BoardView::Week))
        .unwrap_or_default();
    let day_links: Vec<(String, String)> = days
        .iter()
        .map(|(name, day)| (name.clone(), board_path(day.date, BoardView::Day)))
        .collect();
    view! {
        {empty.then(|| view! { <EmptyState icon="users" title=t!(locale, "board-no-technicians") text=t!(locale, "board-no-technicians-text")/> })}
        {(!empty).then(|| view! {
            <div class="table-frame week-frame" tabindex="0" role="region" aria-label=t!(locale, "board-week")><table class="table week">
                <thead><tr><th scope="col">{t!(locale, "technician")}</th>{day_links.into_iter().map(|(name, href)| view! { <th scope="col"><a href=href>{name}</a></th> }).collect_view()}</tr></thead>
                <tbody>{names.into_iter().enumerate().map(|(row, (id, name))| view! {
                    <tr><th scope="row"><span class="who-head"><span class="avatar avatar-small avatar-person" aria-hidden="true">{format::initials(&name)}</span><a href=format!("/app/settings/technicians/{id}")><bdi>{name}</bdi></a></span></th>
                        {days.iter().map(|(_, day)| day.lines.get(row).cloned().map(|line| view! { <td><Cell line locale back=back.clone() zone=zone.clone()/></td> })).collect_view()}</tr>
                }).collect_view()}</tbody>
            </table></div>
        })}
    }
}

#[component]
fn Cell(line: Line, locale: Locale, back: String, zone: String) -> impl IntoView {
    let away = line
        .away
        .map(|kind| view! { <Chip label=by_key(locale, &format!("absence-{}", kind.name())) tone=Tone::Warn/> });
    let used = line.utilization();
    let has_no_shift =
        line.shift.is_none() && line.technician.week.is_some() && line.away.is_none() && line.stops.is_empty();
    let load = (!line.stops.is_empty()).then(|| {
        t!(
            locale,
            "board-load",
            stops = line.stops.len(),
            travel = duration_text(locale, line.travel)
        )
    });
    view! {
        {away}
        {has_no_shift.then(|| view! { <span class="quiet">{t!(locale, "board-no-shift")}</span> })}
        <ul class="plain week-stops">{line.stops.into_iter().map(|stop| {
            let target = stop.visit.job.target_id.to_string();
            let number = format::job_number(stop.visit.job.number);
            let warnings: Vec<String> = stop.conflicts.iter().map(|conflict| conflict_text(locale, conflict)).collect();
            let warning_view = (!warnings.is_empty()).then(|| view! { <span class="stop-warning" title=warnings.join(" ")><Icon name="alert"/><span class="hidden">{warnings.join(" ")}</span></span> });
            let reschedule_link = stop.can_reschedule.then(|| {
                let label = t!(locale, "board-reschedule-job", job = number.clone());
                view! { <a class="stop-move" href=reschedule_path(&target, &back) aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
            });
            let class = format!("week-stop stop-{}", stop.visit.job.status.name().replace('_', "-"));
            let title = format!("{number} {}", visit_time(locale, &stop.visit, &zone));
            let mark = status_icon(stop.visit.job.status);
            let status = shared_text(locale, &format!("target-{}", stop.visit.job.status.name()));
            let place = stop.visit.job.city.clone().or_else(|| stop.visit.job.location_name.clone());
            view! {
                <li class=class><a href=format!("/app/targets/{target}") title=title><span>{mark.map(|name| view! { <Icon name/> })}<span class="hidden">{status}" "</span><bdi class="week-time">{short_time(locale, &stop.visit, &zone)}</bdi>" "<strong><bdi>{stop.visit.job.customer_name.clone().unwrap_or_else(|| number.clone())}</bdi></strong></span><span class="hidden">{number}</span><span class="quiet"><bdi>{place}</bdi></span></a>
                    <LateVisitMark status=stop.visit.job.status ends_at=Some(stop.visit.ends_at) locale/>{warning_view}{reschedule_link}</li>
            }
        }).collect_view()}</ul>
        {load.map(|load| view! { <p class="week-load quiet">{used.map(|used| view! { <progress class:over=used.gt(&100) aria-hidden="true" max="100" value=used.min(100).to_string()></progress> })}{load}</p> })}
    }
}

/// Formats when a visit starts; the whole time with its zone where that is not the board's.
fn short_time(locale: Locale, visit: &BoardVisit, zone: &str) -> String {
    if visit.zone == zone || has_same_local_time(visit, zone) {
        format::time(visit.starts_at, &visit.zone)
    } else {
        visit_time(locale, visit, zone)
    }
}
