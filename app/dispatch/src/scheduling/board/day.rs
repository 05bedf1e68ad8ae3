//! The day: a line for each technician, the hours across, and what waits beside it.

use chrono::{DateTime, TimeDelta, Utc};
use domain::locale::Locale;
use domain::public_language::Tone;
use leptos::prelude::*;
use ordinavo_core::scheduling::BoardJob;
use ordinavo_core::scheduling::board::{Board, Line, Stop, pool_place};
use ui::format;
use ui::icons::Icon;
use ui::parts::{Chip, Empty, PriorityMark};

use crate::islands::board_drag::SLOT;
use crate::scheduling::board::{Look, address, can_move, conflict_words, length, move_link, pool_text, when};
use crate::shared::service_words;
use crate::t;
use crate::words::by_key;

/// How many hours a board can have, for which the style sheet has classes.
const MOST_HOURS: i64 = 36;
/// How many columns that are.
const MOST_SLOTS: i64 = MOST_HOURS * 60 / SLOT as i64;

/// The day's board.
#[component]
pub fn Day(board: Board, locale: Locale, may_plan: bool, now: DateTime<Utc>, zone: String) -> impl IntoView {
    let (from, until) = (board.from, board.until);
    let hours = (until - from).num_hours().clamp(1, MOST_HOURS);
    let back = address(board.date, Look::Day);
    let labels: Vec<String> = (0..hours)
        .map(|hour| format::time(from + TimeDelta::hours(hour), &zone))
        .collect();
    let now_at = (from..until).contains(&now).then(|| place(from, now, now));
    let more = board
        .pool
        .rows
        .last()
        .filter(|_| board.pool.has_more)
        .map(|job| format!("{back}&after={}", format::escape_query(&pool_text(pool_place(job)))));
    let nobody = board.lines.is_empty();
    let lines = board
        .lines
        .into_iter()
        .map(|line| view! { <TechnicianLine line locale may_plan from until hours back=back.clone() zone=zone.clone() now_at=now_at.clone()/> })
        .collect_view();
    view! {
        <div class="board" data-from=from.timestamp().to_string() data-hours=hours.to_string() data-back=back>
            <section class="board-pool" aria-labelledby="pool-title">
                <h2 id="pool-title">{t!(locale, "board-unscheduled")}</h2>
                {board.pool.rows.is_empty().then(|| view! { <Empty icon="check" title=t!(locale, "board-unscheduled-empty") text=t!(locale, "board-unscheduled-empty-text")/> })}
                <ul class="plain">{board.pool.rows.into_iter().map(|job| view! { <PoolCard job locale may_plan back=back.clone() zone=zone.clone()/> }).collect_view()}</ul>
                {more.map(|href| view! { <p><a href=href>{t!(locale, "board-unscheduled-more")}</a></p> })}
            </section>
            <div class="board-frame" tabindex="0" role="region" aria-label=t!(locale, "board-day")>
                <div class=format!("board-sheet hours-{hours}")>
                    <div class="board-hours" aria-hidden="true">{labels.into_iter().map(|label| view! { <span><bdi>{label}</bdi></span> }).collect_view()}</div>
                    {nobody.then(|| view! { <Empty icon="users" title=t!(locale, "board-no-technicians") text=t!(locale, "board-no-technicians-text")/> })}
                    {lines}
                </div>
            </div>
        </div>
    }
}

/// Classes that put something from one moment to another: the stylesheet knows them, because pages carry no styles.
pub(crate) fn place(board: DateTime<Utc>, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let slot = |moment: DateTime<Utc>| {
        (moment - board)
            .num_minutes()
            .div_euclid(i64::from(SLOT))
            .clamp(0, MOST_SLOTS - 1)
    };
    let (first, last) = (slot(from), slot(until + TimeDelta::minutes(i64::from(SLOT) - 1)));
    format!("at-{first} for-{}", (last - first).max(1))
}

/// One below the other where visits overlap: the number of the row of each.
fn rows(stops: &[Stop]) -> Vec<usize> {
    let mut ends: Vec<DateTime<Utc>> = Vec::new();
    stops
        .iter()
        .map(|stop| {
            let free = ends.iter().position(|end| *end <= stop.visit.starts_at);
            let row = free.unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(stop.visit.ends_at);
            } else {
                ends[row] = stop.visit.ends_at;
            }
            (row + 1).min(6)
        })
        .collect()
}

#[component]
fn TechnicianLine(
    line: Line,
    locale: Locale,
    may_plan: bool,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    hours: i64,
    back: String,
    zone: String,
    now_at: Option<String>,
) -> impl IntoView {
    let id = line.technician.id.to_string();
    let heading = format!("line-{id}");
    let labelled = heading.clone();
    let count = line.stops.len();
    let load = (count > 0).then(|| {
        t!(
            locale,
            "board-load",
            stops = count,
            travel = length(locale, line.travel)
        )
    });
    let own_zone = line.technician.zone.clone();
    let shift = line.shift.as_ref().map(|shift| {
        let own = format::span(shift.from, shift.until, &own_zone);
        if own == format::span(shift.from, shift.until, &zone) {
            own
        } else {
            format!("{own} ({own_zone})")
        }
    });
    let free = line.shift.is_none() && line.technician.week.is_some();
    let unknown = line.technician.week.is_none();
    let away = line
        .away
        .map(|kind| view! { <Chip label=by_key(locale, &format!("absence-{}", kind.name())) tone=Tone::Warn/> });
    let working = line
        .shift
        .as_ref()
        .filter(|shift| line.away.is_none() && shift.from < until && shift.until > from)
        .map(|shift| {
            format!(
                "board-shift {}",
                place(from, shift.from.max(from), shift.until.min(until))
            )
        });
    // Where a break may lie: from its earliest beginning to the end of the latest one.
    let rests = match (&line.shift, line.away) {
        (Some(shift), None) => shift.rests.clone(),
        _ => Vec::new(),
    };
    let rest_words: Vec<String> = rests
        .iter()
        .map(|(earliest, latest, time)| {
            t!(
                locale,
                "board-break",
                time = length(locale, *time),
                span = format::span(*earliest, *latest + *time, &zone)
            )
        })
        .collect();
    let rests: Vec<String> = rests
        .into_iter()
        .map(|(earliest, latest, time)| (earliest.max(from), (latest + time).min(until)))
        .filter(|(earliest, latest)| earliest < latest)
        .map(|(earliest, latest)| format!("board-rest {}", place(from, earliest, latest)))
        .collect();
    let row_of = rows(&line.stops);
    let track = format!("board-track hours-{hours}");
    view! {
        <section class="board-line" aria-labelledby=heading>
            <div class="board-who">
                <h3 id=labelled><a href=format!("/app/settings/technicians/{id}")><bdi>{line.technician.display_name.clone()}</bdi></a></h3>
                <p class="quiet">{shift.map(|shift| view! { <bdi>{shift}</bdi> })}{free.then(|| t!(locale, "board-no-shift"))}{unknown.then(|| t!(locale, "board-no-working-hours"))}{away}</p>
                {rest_words.into_iter().map(|words| view! { <p class="quiet">{words}</p> }).collect_view()}
                {load.map(|load| view! { <p class="quiet">{load}</p> })}
            </div>
            <ol class=track data-track=id data-name=line.technician.display_name>
                {working.map(|class| view! { <li class=class aria-hidden="true"></li> })}
                {rests.into_iter().map(|class| view! { <li class=class aria-hidden="true"></li> }).collect_view()}
                {now_at.map(|at| view! { <li class=format!("board-now {at}") aria-hidden="true"></li> })}
                {line.stops.into_iter().zip(row_of).map(|(stop, row)| view! { <StopCard stop row locale may_plan from back=back.clone() zone=zone.clone()/> }).collect_view()}
            </ol>
        </section>
    }
}

#[component]
fn StopCard(
    stop: Stop,
    row: usize,
    locale: Locale,
    may_plan: bool,
    from: DateTime<Utc>,
    back: String,
    zone: String,
) -> impl IntoView {
    let visit = &stop.visit;
    let target = visit.job.target_id.to_string();
    let moves = may_plan && can_move(visit);
    let number = format!("TGT-{}", visit.job.number);
    let warnings: Vec<String> = stop
        .conflicts
        .iter()
        .map(|conflict| conflict_words(locale, conflict))
        .collect();
    let has_warnings = !warnings.is_empty();
    let title = warnings.join(" ");
    let said = title.clone();
    let class = format!(
        "stop stop-{} row-{row} {}",
        visit.job.status.name().replace('_', "-"),
        place(from, visit.starts_at, visit.ends_at)
    );
    let times = when(visit, &zone);
    let length = (visit.ends_at - visit.starts_at).num_minutes().to_string();
    let moving = moves.then(|| {
        let (href, label) = (
            move_link(&target, &back),
            t!(locale, "board-reschedule-job", job = number.clone()),
        );
        view! { <a class="stop-move" href=href aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
    });
    view! {
        <li class=class data-drag=moves.then(|| target.clone()) data-from=visit.starts_at.timestamp().to_string() data-length=length class:stop-warned=has_warnings>
            <a class="stop-link" href=format!("/app/targets/{target}") draggable="false" title=title>
                <span class="stop-line"><strong><bdi>{times}</bdi></strong></span>
                <span class="stop-line"><bdi class="mono">{number}</bdi>" "<bdi>{visit.job.customer_name.clone()}</bdi></span>
                <span class="stop-line quiet"><bdi>{visit.job.city.clone().or_else(|| visit.job.location_name.clone())}</bdi></span>
                {has_warnings.then(|| view! { <span class="stop-line stop-warning"><Icon name="alert"/>{t!(locale, "board-conflicts", count = warnings.len())}<span class="hidden">{said}</span></span> })}
            </a>
            {moving}
        </li>
    }
}

#[component]
fn PoolCard(job: BoardJob, locale: Locale, may_plan: bool, back: String, zone: String) -> impl IntoView {
    let target = job.target_id.to_string();
    let number = format!("TGT-{}", job.number);
    let window = job.window().map(|(start, end)| {
        let zone = job.location_zone.clone().unwrap_or(zone);
        let same_day = format::date(locale, start, &zone) == format::date(locale, end, &zone);
        let text = if same_day {
            format!(
                "{} {}",
                format::date(locale, start, &zone),
                format::span(start, end, &zone)
            )
        } else {
            format!(
                "{} – {}",
                format::moment(locale, start, &zone),
                format::moment(locale, end, &zone)
            )
        };
        view! { <span class="quiet"><bdi>{text}</bdi></span> }
    });
    let skills = (!job.required_skills.0.is_empty())
        .then(|| view! { <span class="quiet"><bdi>{job.required_skills.0.join(", ")}</bdi></span> });
    let moving = may_plan.then(|| {
        let (href, label) = (
            move_link(&target, &back),
            t!(locale, "board-schedule-job", job = number.clone()),
        );
        view! { <a class="stop-move" href=href aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
    });
    view! {
        <li class="pool-card" data-drag=may_plan.then(|| target.clone()) data-length=job.duration_minutes.to_string()>
            <a class="stop-link" href=format!("/app/targets/{target}") draggable="false">
                <span class="row"><bdi class="mono">{number}</bdi><PriorityMark priority=job.priority locale/></span>
                <strong>{service_words(locale, job.service_type.as_deref())}" · "{t!(locale, "minutes", count = job.duration_minutes)}</strong>
                <span><bdi>{job.customer_name}</bdi></span>
                <span class="quiet"><bdi>{job.location_name}</bdi>" "<bdi>{job.city}</bdi></span>
                {window}
                {skills}
            </a>
            {moving}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sheet is written for so many hours and columns of five minutes, each with a class of its own.
    #[test]
    fn the_style_sheet_knows_every_place() {
        let sheet = include_str!("../../../../../style/board-grid.css");
        for hours in 1..=MOST_HOURS {
            let slots = hours * 60 / i64::from(SLOT);
            assert!(
                sheet.contains(&format!(".hours-{hours} {{ --slots: {slots}; }}")),
                "{hours}"
            );
        }
        for slot in 0..MOST_SLOTS {
            let (first, length) = (slot + 1, slot + 1);
            assert!(
                sheet.contains(&format!(".at-{slot} {{ grid-column-start: {first}; }}")),
                "{slot}"
            );
            assert!(
                sheet.contains(&format!(".for-{length} {{ grid-column-end: span {length}; }}")),
                "{slot}"
            );
        }
    }
}
