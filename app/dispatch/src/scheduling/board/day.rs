//! The day view: a line for each technician, hours as columns, and the unscheduled jobs.

use chrono::{DateTime, TimeDelta, Utc};
use domain::lateness::is_visit_late;
use domain::locale::Locale;
use domain::public_language::Tone;
use domain::scheduling::board_grid::{MAX_HOURS, MAX_SLOTS, SLOT_MINUTES};
use leptos::prelude::*;
use ordinavo_core::scheduling::board::{Board, Line, Stop, unscheduled_cursor};
use ui::components::{Chip, EmptyState};
use ui::format;
use ui::i18n::by_key as shared_text;
use ui::icons::Icon;

use crate::i18n::by_key;
use crate::scheduling::board::pool::Pool;
use crate::scheduling::board::{
    BoardView, board_path, conflict_text, duration_text, format_unscheduled_cursor, reschedule_path, status_icon,
    visit_time,
};
use crate::t;

/// Shorter travel is not drawn.
const SHOWN_TRAVEL: TimeDelta = TimeDelta::minutes(5);
/// Travel that is at least this long on the board says how many minutes it takes.
const TRAVEL_WITH_MINUTES: TimeDelta = TimeDelta::minutes(20);

#[component]
pub fn Day(board: Board, locale: Locale, now: DateTime<Utc>, zone: String) -> impl IntoView {
    let (from, until) = (board.from, board.until);
    let hours = (until - from).num_hours().clamp(1, MAX_HOURS);
    let back = board_path(board.date, BoardView::Day);
    let labels: Vec<String> = (0..hours)
        .map(|hour| format::time(from + TimeDelta::hours(hour), &zone))
        .collect();
    let now_class = (from..until).contains(&now).then(|| grid_class(from, now, now));
    let more = board
        .unscheduled_jobs
        .rows
        .last()
        .filter(|_| board.unscheduled_jobs.has_more)
        .map(|job| {
            format!(
                "{back}&after={}",
                format::escape_query(&format_unscheduled_cursor(unscheduled_cursor(job)))
            )
        });
    let shown = board.unscheduled_jobs.rows.len();
    let count = if board.unscheduled_jobs.has_more {
        format!("{shown}+")
    } else {
        shown.to_string()
    };
    let no_technicians = board.lines.is_empty();
    let lines = board
        .lines
        .into_iter()
        .map(|line| view! { <TechnicianLine line locale from until hours back=back.clone() zone=zone.clone() now now_class=now_class.clone()/> })
        .collect_view();
    let pool_back = back.clone();
    view! {
        <div class="board" data-from=from.timestamp().to_string() data-hours=hours.to_string() data-back=back>
            <div class="board-frame" tabindex="0" role="region" aria-label=t!(locale, "board-day")>
                <div class=format!("board-sheet hours-{hours}")>
                    <div class="board-hours" aria-hidden="true">{labels.into_iter().map(|label| view! { <span><bdi>{label}</bdi></span> }).collect_view()}</div>
                    {no_technicians.then(|| view! { <EmptyState icon="users" title=t!(locale, "board-no-technicians") text=t!(locale, "board-no-technicians-text")/> })}
                    {lines}
                </div>
            </div>
            <Pool jobs=board.unscheduled_jobs.rows date=board.date count more can_plan=board.can_plan back=pool_back locale zone/>
        </div>
    }
}

/// Returns the CSS classes that position a period on the grid. Classes are used because the content security policy
/// forbids inline styles.
pub(crate) fn grid_class(board: DateTime<Utc>, from: DateTime<Utc>, until: DateTime<Utc>) -> String {
    let slot = |moment: DateTime<Utc>| {
        (moment - board)
            .num_minutes()
            .div_euclid(i64::from(SLOT_MINUTES))
            .clamp(0, MAX_SLOTS - 1)
    };
    let (first, last) = (
        slot(from),
        slot(until + TimeDelta::minutes(i64::from(SLOT_MINUTES) - 1)),
    );
    format!("at-{first} for-{}", (last - first).max(1))
}

/// Returns the row of each visit: visits that overlap are stacked.
fn rows(stops: &[Stop]) -> Vec<usize> {
    let mut ends: Vec<DateTime<Utc>> = Vec::new();
    stops
        .iter()
        .map(|stop| {
            let free_row = ends.iter().position(|end| *end <= stop.visit.starts_at);
            let row = free_row.unwrap_or(ends.len());
            if row == ends.len() {
                ends.push(stop.visit.ends_at);
            } else {
                ends[row] = stop.visit.ends_at;
            }
            (row + 1).min(6)
        })
        .collect()
}

/// Returns the classes of the travel to each stop, and its minutes where there is room for them. Travel that takes longer than the
/// time since the previous stop is cut; the stop has a conflict then.
fn travels(stops: &[Stop], rows: &[usize], from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<(String, Option<i64>)> {
    let mut previous_end = from;
    let mut found = Vec::new();
    for (stop, row) in stops.iter().zip(rows) {
        let (starts_at, free_from) = (stop.visit.starts_at, previous_end);
        previous_end = previous_end.max(stop.visit.ends_at);
        let Some(travel) = stop.travel.filter(|travel| *travel >= SHOWN_TRAVEL) else {
            continue;
        };
        let leaves_at = (starts_at - travel).max(free_from);
        if leaves_at < starts_at && starts_at <= until {
            let minutes = (starts_at - leaves_at >= TRAVEL_WITH_MINUTES).then(|| (travel.num_seconds() + 59) / 60);
            let class = format!("board-travel row-{row} {}", grid_class(from, leaves_at, starts_at));
            found.push((class, minutes));
        }
    }
    found
}

#[component]
fn TechnicianLine(
    line: Line,
    locale: Locale,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    hours: i64,
    back: String,
    zone: String,
    now: DateTime<Utc>,
    now_class: Option<String>,
) -> impl IntoView {
    let id = line.technician.id.to_string();
    let heading = format!("line-{id}");
    let labelledby = heading.clone();
    let shift_class = shift_class(&line, from, until);
    let break_classes = break_classes(&line, from, until);
    let stop_rows = rows(&line.stops);
    let travels = travels(&line.stops, &stop_rows, from, until);
    let name = line.technician.display_name.clone();
    let stops = line.stops.clone();
    view! {
        <section class="board-line" aria-labelledby=labelledby>
            <TechnicianHeading line heading locale zone=zone.clone()/>
            <ol class=format!("board-track hours-{hours}") data-track=id data-name=name>
                {shift_class.map(|class| view! { <li class=class aria-hidden="true"></li> })}
                {break_classes.into_iter().map(|class| view! { <li class=class aria-hidden="true"></li> }).collect_view()}
                {now_class.map(|at| view! { <li class=format!("board-now {at}") aria-hidden="true"></li> })}
                {travels.into_iter().map(|(class, minutes)| view! { <li class=class aria-hidden="true">{minutes}</li> }).collect_view()}
                {stops.into_iter().zip(stop_rows).map(|(stop, row)| view! { <StopCard stop row locale from now back=back.clone() zone=zone.clone()/> }).collect_view()}
            </ol>
        </section>
    }
}

/// The technician's name, shift or absence, breaks and load.
#[component]
fn TechnicianHeading(
    line: Line,
    /// The ID of the heading.
    heading: String,
    locale: Locale,
    zone: String,
) -> impl IntoView {
    let href = format!("/app/settings/technicians/{}", line.technician.id);
    let (used, initials) = (line.utilization(), format::initials(&line.technician.display_name));
    let shift = shift_text(locale, &line, &zone);
    let has_no_shift = line.shift.is_none() && line.technician.week.is_some();
    let has_no_week = line.technician.week.is_none();
    let away = line
        .away
        .map(|kind| view! { <Chip label=by_key(locale, &format!("absence-{}", kind.name())) tone=Tone::Warn/> });
    let break_lines: Vec<String> = breaks(&line)
        .iter()
        .map(|(earliest, latest, time)| {
            t!(
                locale,
                "board-break",
                time = duration_text(locale, *time),
                span = format::span(*earliest, *latest + *time, &zone)
            )
        })
        .collect();
    let count = line.stops.len();
    let load = (count > 0).then(|| {
        t!(
            locale,
            "board-load",
            stops = count,
            travel = duration_text(locale, line.travel)
        )
    });
    view! {
        <div class="board-who">
            <div class="who-head"><span class="avatar avatar-small avatar-person" aria-hidden="true">{initials}</span><h3 id=heading><a href=href><bdi>{line.technician.display_name}</bdi></a></h3>
                {used.map(|used| view! { <span class="used" class:used-over=used.gt(&100)><span class="hidden">{t!(locale, "board-utilization")}</span><span>{t!(locale, "percent", number = used)}</span><progress aria-hidden="true" max="100" value=used.min(100).to_string()></progress></span> })}</div>
            <p class="quiet who-shift">{shift.map(|shift| view! { <bdi>{shift}</bdi> })}{has_no_shift.then(|| t!(locale, "board-no-shift"))}{has_no_week.then(|| t!(locale, "board-no-working-hours"))}{away}</p>
            {break_lines.into_iter().map(|words| view! { <p class="hidden">{words}</p> }).collect_view()}
            {load.map(|load| view! { <p class="quiet who-load">{load}</p> })}
        </div>
    }
}

/// Formats the shift in the technician's zone; the zone is named if the times differ in the board's.
fn shift_text(locale: Locale, line: &Line, zone: &str) -> Option<String> {
    let shift = line.shift.as_ref()?;
    let technician_zone = &line.technician.zone;
    let shift_time = format::span(shift.from, shift.until, technician_zone);
    if shift_time == format::span(shift.from, shift.until, zone) {
        Some(shift_time)
    } else {
        Some(format!("{shift_time} ({})", format::zone_name(locale, technician_zone)))
    }
}

/// Returns the breaks of the shift: earliest start, latest start and length; none if the technician is absent.
fn breaks(line: &Line) -> &[(DateTime<Utc>, DateTime<Utc>, TimeDelta)] {
    match (&line.shift, line.away) {
        (Some(shift), None) => &shift.rests,
        _ => &[],
    }
}

/// Returns the classes of the visible part of the shift; none if the technician is absent.
fn shift_class(line: &Line, from: DateTime<Utc>, until: DateTime<Utc>) -> Option<String> {
    let shift = line
        .shift
        .as_ref()
        .filter(|shift| line.away.is_none() && shift.from < until && shift.until > from)?;
    let class = grid_class(from, shift.from.max(from), shift.until.min(until));
    Some(format!("board-shift {class}"))
}

/// Returns the classes of the visible periods that breaks can fall in: from the earliest start to the latest end.
fn break_classes(line: &Line, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<String> {
    breaks(line)
        .iter()
        .map(|&(earliest, latest, time)| (earliest.max(from), (latest + time).min(until)))
        .filter(|(earliest, latest)| earliest < latest)
        .map(|(earliest, latest)| format!("board-rest {}", grid_class(from, earliest, latest)))
        .collect()
}

/// Says for how long a visit should have been over.
fn late_text(locale: Locale, ends_at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if now - ends_at < TimeDelta::minutes(1) {
        return shared_text(locale, "late");
    }
    t!(locale, "late-since", time = format::age(locale, ends_at, now))
}

#[component]
fn StopCard(
    stop: Stop,
    row: usize,
    locale: Locale,
    from: DateTime<Utc>,
    now: DateTime<Utc>,
    back: String,
    zone: String,
) -> impl IntoView {
    let visit = &stop.visit;
    let target = visit.job.target_id.to_string();
    let is_movable = stop.can_reschedule;
    let number = format::job_number(visit.job.number);
    let warnings: Vec<String> = stop
        .conflicts
        .iter()
        .map(|conflict| conflict_text(locale, conflict))
        .collect();
    let has_warnings = !warnings.is_empty();
    let place = visit.job.city.clone().or_else(|| visit.job.location_name.clone());
    let warning_text = warnings.join(" ");
    let title = format!("{number} {warning_text}");
    let is_late = is_visit_late(visit.job.status, visit.ends_at, now);
    let class = format!(
        "stop stop-{} row-{row} {}",
        visit.job.status.name().replace('_', "-"),
        grid_class(from, visit.starts_at, visit.ends_at)
    );
    let times = visit_time(locale, visit, &zone);
    let mark = status_icon(visit.job.status);
    let minutes = (visit.ends_at - visit.starts_at).num_minutes().to_string();
    let reschedule_link = is_movable.then(|| {
        let (href, label) = (
            reschedule_path(&target, &back),
            t!(locale, "board-reschedule-job", job = number.clone()),
        );
        view! { <a class="stop-move" href=href aria-label=label title=t!(locale, "board-schedule")><Icon name="move"/></a> }
    });
    view! {
        <li class=class data-drag=is_movable.then(|| target.clone()) data-from=visit.starts_at.timestamp().to_string() data-length=minutes class:stop-warned=has_warnings class:stop-late=is_late>
            <a class="stop-link" href=format!("/app/targets/{target}") draggable="false" title=title>
                <span class="stop-line">{has_warnings.then(|| view! { <span class="stop-warning"><Icon name="alert"/><span class="hidden">{t!(locale, "board-conflicts", count = warnings.len())}" "{warning_text}" "</span></span> })}{mark.map(|name| view! { <Icon name=name/> })}<strong><bdi>{visit.job.customer_name.clone().unwrap_or_else(|| number.clone())}</bdi></strong></span>
                <span class="stop-line">{is_late.then(|| view! { <span data-late="visit" class="late">{late_text(locale, visit.ends_at, now)}</span>" · " })}<bdi>{times}</bdi>{place.map(|place| view! { <span class="quiet">" · "<bdi>{place}</bdi></span> })}<span class="hidden">" "{number.clone()}</span></span>
            </a>
            {reschedule_link}
        </li>
    }
}
