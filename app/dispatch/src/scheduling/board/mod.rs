//! The board: day, week, list and map of the same visits, and the jobs that wait.

pub(crate) mod day;
pub(crate) mod list;
pub(crate) mod map;
pub mod moving;
pub(crate) mod plan;
pub(crate) mod week;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use domain::conflicts::Conflict;
use domain::locale::Locale;
use domain::permissions::{PlanTargets, ViewOperations};
use domain::targets::AppointmentStatus;
use leptos::prelude::*;
use ordinavo_core::scheduling::BoardVisit;
use ordinavo_core::scheduling::appointments::YEARS;
use ordinavo_core::scheduling::board;
use ordinavo_core::scheduling::board::PoolPlace;
use ordinavo_core::visits;
use ordinavo_core::visits::sync_conflicts;
use ui::format;
use ui::icons::Icon;
use ui::load::page;
use ui::parts::ProblemNotice;
use ui::title::Title;

use crate::islands::LivePage;
use crate::islands::board_drag::BoardDrag;
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::Framed;
use crate::t;
use crate::visits::sync_conflicts::HandedOverNotice;
use crate::words::by_key;

/// The ways to look at the same days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Day,
    Week,
    List,
    Map,
}

impl Look {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::List, Self::Map];

    const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::List => "list",
            Self::Map => "map",
        }
    }
}

/// A page of the board.
pub(crate) fn address(date: NaiveDate, look: Look) -> String {
    format!("/app/board?date={}&view={}", date.format("%Y-%m-%d"), look.name())
}

/// `/app/board`.
#[component]
pub fn BoardPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewOperations>()?;
        let today = visits::today(&request.core, &staff);
        let date = NaiveDate::parse_from_str(&request.query("date"), "%Y-%m-%d").ok();
        let date = date.filter(|date| YEARS.contains(&date.year())).unwrap_or(today);
        let view = request.query("view");
        let look = Look::ALL
            .into_iter()
            .find(|look| look.name() == view)
            .unwrap_or(Look::Day);
        let may_plan = staff.has::<PlanTargets>();
        let zone = staff.zone().to_owned();
        let (mark, body) = if look == Look::Week {
            let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
            let days = board::week(&request.core, permit, monday).await?;
            let days = days
                .into_iter()
                .map(|day| (format::day(locale, day.date), day))
                .collect();
            (
                board::mark(&request.core, permit).await?,
                view! { <week::Week days locale may_plan zone=zone.clone()/> }.into_any(),
            )
        } else {
            let found = board::day(&request.core, permit, date, pool_place(&request.query("after"))).await?;
            let mark = found.mark;
            let note = found.is_estimated.then(|| view! { <EstimatedNote locale/> });
            let body = match look {
                Look::Day => view! { <day::Day board=found locale may_plan now=request.viewer.now zone=zone.clone()/> }
                    .into_any(),
                Look::List => view! { <list::List board=found locale may_plan zone=zone.clone()/> }.into_any(),
                _ => view! { <map::Map board=found locale zone=zone.clone() tiles=request.core.tiles().cloned()/> }
                    .into_any(),
            };
            (mark, view! { {note}{body} }.into_any())
        };
        let step = if look == Look::Week { 7 } else { 1 };
        let before = address(date - Days::new(step), look);
        let after = address(date + Days::new(step), look);
        let live = format!("/app/live?since={mark}");
        let jobs = sync_conflicts::with_handed_over(&request.core, staff.may::<ViewOperations>()?).await?;
        let title = format!("{} {}", t!(locale, "board-title"), format::day(locale, date));
        Ok(view! {
            <Title text=title/>
            <LivePage path=live regions="board".to_owned()/>
            {(may_plan && look == Look::Day).then(|| view! { <BoardDrag loading=t!(locale, "board-checking")/> })}
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <HandedOverNotice locale jobs/>
            <header class="board-bar">
                <h1>{t!(locale, "board-title")}</h1>
                <nav class="board-days" aria-label=t!(locale, "date")>
                    <a class="button" href=before>{t!(locale, "previous-day")}</a>
                    <a class="button" href=address(today, look)>{t!(locale, "today")}</a>
                    <a class="button" href=after>{t!(locale, "next-day")}</a>
                    <form method="get" action="/app/board" class="row">
                        <input type="hidden" name="view" value=look.name()/>
                        <label class="hidden" for="board-date">{t!(locale, "date")}</label>
                        <input id="board-date" type="date" name="date" value=date.format("%Y-%m-%d").to_string() required=true/>
                        <button class="button" type="submit">{t!(locale, "board-show-date")}</button>
                    </form>
                </nav>
                <nav class="tabs" aria-label=t!(locale, "board-views")>
                    {Look::ALL.into_iter().map(|one| {
                        let here = (one == look).then_some("page");
                        view! { <a href=address(date, one) aria-current=here>{by_key(locale, &format!("board-{}", one.name()))}</a> }
                    }).collect_view()}
                </nav>
            </header>
            {may_plan.then(|| view! {
                <div class="row"><form method="post" action="/app/fn/suggest-routes"><input type="hidden" name="date" value=date.format("%Y-%m-%d").to_string()/><button class="button" type="submit"><Icon name="navigation"/>{t!(locale, "suggestion-request")}</button></form><a href="/app/board/suggestions">{t!(locale, "suggestions-title")}</a></div>
            })}
            <p class="lead">{format::day(locale, date)}" · "<span class="quiet">{t!(locale, "board-zone", zone = zone)}</span></p>
            <div id="board">{body}</div>
        }
        .into_any())
    });
    view! { <Framed current="/app/board">{content}</Framed> }
}

/// Says that the road service has not told all ways.
#[component]
fn EstimatedNote(locale: Locale) -> impl IntoView {
    view! { <p class="quiet estimated">{t!(locale, "travel-estimated")}</p> }
}

/// Where a page of the pool begins, as an address has it: weight, moment, id.
fn pool_place(text: &str) -> Option<PoolPlace> {
    let mut parts = text.split('~');
    let weight = parts.next()?.parse().ok()?;
    let at = parts.next()?.parse::<DateTime<Utc>>().ok()?;
    Some((weight, at, parts.next()?.parse().ok()?))
}

fn pool_text((weight, at, id): PoolPlace) -> String {
    format!(
        "{weight}~{}~{id}",
        at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    )
}

/// What stands against a visit, in a sentence.
fn conflict_words(locale: Locale, conflict: &Conflict) -> String {
    match conflict {
        Conflict::Away(kind) => t!(
            locale,
            "conflict-time-off",
            why = by_key(locale, &format!("absence-{}", kind.name()))
        ),
        Conflict::NoShift => t!(locale, "conflict-no-shift"),
        Conflict::OutsideShift { by } => t!(locale, "conflict-outside-shift", time = length(locale, *by)),
        Conflict::Skills(missing) => t!(locale, "conflict-skills", skills = missing.join(", ")),
        Conflict::OutsideWindow { by } => t!(locale, "conflict-outside-window", time = length(locale, *by)),
        Conflict::Overlap { number } => t!(locale, "conflict-overlap", job = format!("TGT-{number}")),
        Conflict::Travel {
            number,
            is_before,
            takes,
            there_is,
        } => {
            let (job, takes) = (format!("TGT-{number}"), length(locale, *takes));
            let there_is = length(locale, (*there_is).max(TimeDelta::zero()));
            if *is_before {
                t!(
                    locale,
                    "conflict-travel-from",
                    job = job,
                    takes = takes,
                    there = there_is
                )
            } else {
                t!(locale, "conflict-travel-to", job = job, takes = takes, there = there_is)
            }
        }
    }
}

/// `1 h 20 min`, rounded up to whole minutes.
fn length(locale: Locale, time: TimeDelta) -> String {
    let minutes = (time.num_seconds() + 59) / 60;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    match (hours, minutes) {
        (0, minutes) => t!(locale, "duration-minutes", minutes = minutes),
        (hours, 0) => t!(locale, "duration-hours", hours = hours),
        (hours, minutes) => t!(locale, "duration-hours-minutes", hours = hours, minutes = minutes),
    }
}

/// When a visit is, as its place has it; the zone is named where it is not the board's.
fn when(visit: &BoardVisit, zone: &str) -> String {
    let span = format::span(visit.starts_at, visit.ends_at, &visit.zone);
    if visit.zone == zone || same_clock(visit, zone) {
        span
    } else {
        format!("{span} ({})", visit.zone)
    }
}

fn same_clock(visit: &BoardVisit, zone: &str) -> bool {
    format::span(visit.starts_at, visit.ends_at, &visit.zone) == format::span(visit.starts_at, visit.ends_at, zone)
}

/// The page on which a visit is moved.
fn move_link(target: impl std::fmt::Display, back: &str) -> String {
    format!("/app/board/move?target={target}&back={}", format::escape_query(back))
}

/// Whether a visit is still to come, so that it can be moved.
fn can_move(visit: &BoardVisit) -> bool {
    use domain::targets::TargetStatus;
    visit.appointment_status == AppointmentStatus::Planned
        && matches!(visit.job.status, TargetStatus::Scheduled | TargetStatus::Dispatched)
}
