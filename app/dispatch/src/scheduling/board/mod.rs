//! The board: day, week, list and map views of the same visits, and the unscheduled jobs.

pub(crate) mod day;
pub(crate) mod list;
pub(crate) mod map;
mod map_background;
pub(crate) mod plan;
mod pool;
pub mod reschedule;
pub(crate) use self::reschedule::proposed_start;
mod viewport;
pub(crate) mod week;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, TimeDelta, Utc};
use domain::identity::permissions::ViewOperations;
use domain::jobs::targets::TargetStatus;
use domain::locale::Locale;
use domain::scheduling::conflicts::Conflict;
use leptos::prelude::*;
use ordinavo_core::CoreResult;
use ordinavo_core::identity::actors::Permit;
use ordinavo_core::page::cursor_time;
use ordinavo_core::scheduling::BoardVisit;
use ordinavo_core::scheduling::appointments::SCHEDULABLE_YEARS;
use ordinavo_core::scheduling::board;
use ordinavo_core::scheduling::board::UnscheduledCursor;
use ordinavo_core::visits;
use ordinavo_core::visits::notices::TechnicianNews;
use ui::components::ProblemNotice;
use ui::drafts::owned;
use ui::format;
use ui::icons::Icon;
use ui::page::{PageRequest, page};
use ui::title::Title;

use crate::i18n::by_key;
use crate::islands::board_drag::BoardDrag;
use crate::islands::{FilterList, LivePage};
use crate::shared::{DoneNotice, viewer_staff};
use crate::shell::{AppFrame, NAVIGATION, PageBar};
use crate::t;
use crate::visits::notices::TechnicianNewsNotice;

/// The views of the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BoardView {
    Day,
    Week,
    List,
    Map,
}

impl BoardView {
    const ALL: [Self; 4] = [Self::Day, Self::Week, Self::List, Self::Map];

    const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::List => "list",
            Self::Map => "map",
        }
    }

    /// Parses the name of a view; the day view if there is none.
    fn from_name(name: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|board_view| board_view.name() == name)
            .unwrap_or(Self::Day)
    }
}

/// Returns the path of a board view.
pub(crate) fn board_path(date: NaiveDate, board_view: BoardView) -> String {
    format!("/app/board?date={}&view={}", date.format("%Y-%m-%d"), board_view.name())
}

#[component]
pub fn BoardPage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<ViewOperations>()?;
        let today = visits::today(&request.core, &staff);
        let date = parse_date(&request.query("date")).unwrap_or(today);
        let board_view = BoardView::from_name(&request.query("view"));
        let zone = staff.zone().to_owned();
        let BoardContent {
            revision,
            news,
            can_plan,
            view: board,
        } = if board_view == BoardView::Week {
            load_week(&request, permit, date, &zone).await?
        } else {
            load_day(&request, permit, date, board_view, &zone).await?
        };
        let has_shortcuts = staff.has_shortcuts();
        let live = format!("/app/live?since={revision}");
        let title = format!("{} {}", t!(locale, "board-title"), format::day(locale, date));
        let zone = t!(locale, "board-zone", zone = format::zone_name(locale, &zone));
        Ok(view! {
            <Title text=title/>
            <LivePage path=live regions=format!("board technician-news {NAVIGATION}")/>
            {(board_view == BoardView::Day).then(|| view! { <FilterList rows=".pool-card".to_owned() has_shortcuts/> })}
            {(can_plan && board_view == BoardView::Day).then(|| view! { <BoardDrag loading=t!(locale, "board-checking")/> })}
            <BoardBar locale date today board_view can_plan zone/>
            <DoneNotice locale flash=request.flash.clone()/>
            <ProblemNotice locale flash=request.flash.clone() request_id=request.viewer.request_id.clone()/>
            <TechnicianNewsNotice locale news/>
            <div id="board">{board}</div>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/board">{content}</AppFrame> }
}

/// Parses the day of the board. Days on which nothing can be scheduled are ignored.
fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .filter(|date| SCHEDULABLE_YEARS.contains(&date.year()))
}

/// A view of the board with what the page around it needs.
struct BoardContent {
    /// The sequence number of the audit log that it shows.
    revision: i64,
    /// What technicians have sent to dispatch.
    news: TechnicianNews,
    can_plan: bool,
    view: AnyView,
}

/// Returns the week of a day.
async fn load_week(
    request: &PageRequest,
    permit: Permit<'_, ViewOperations>,
    date: NaiveDate,
    zone: &str,
) -> CoreResult<BoardContent> {
    let locale = request.viewer.locale;
    let monday = date - Days::new(u64::from(date.weekday().num_days_from_monday()));
    let found = board::week(&request.core, permit, monday).await?;
    let days = found
        .days
        .into_iter()
        .map(|day| (format::day(locale, day.date), day))
        .collect();
    let week = view! { <week::Week days locale zone=zone.to_owned()/> };
    Ok(BoardContent {
        revision: found.audit_sequence,
        news: found.technician_news,
        can_plan: found.can_plan,
        view: week.into_any(),
    })
}

/// Returns a view of one day.
async fn load_day(
    request: &PageRequest,
    permit: Permit<'_, ViewOperations>,
    date: NaiveDate,
    board_view: BoardView,
    zone: &str,
) -> CoreResult<BoardContent> {
    let locale = request.viewer.locale;
    let cursor = parse_unscheduled_cursor(&request.query("after"));
    let mut found = board::day(&request.core, permit, date, cursor).await?;
    let (revision, can_plan) = (found.audit_sequence, found.can_plan);
    let news = std::mem::take(&mut found.technician_news);
    let note = found.is_estimated.then(|| view! { <EstimatedNote locale/> });
    let zone = zone.to_owned();
    let board = match board_view {
        BoardView::Day => view! { <day::Day board=found locale now=request.viewer.now zone/> }.into_any(),
        BoardView::List => view! { <list::List board=found locale zone/> }.into_any(),
        _ => view! { <map::Map board=found locale zone tiles=request.core.tiles().cloned()/> }.into_any(),
    };
    Ok(BoardContent {
        revision,
        news,
        can_plan,
        view: view! { {note}{board} }.into_any(),
    })
}

/// The bar above the board: the choice of the day and of the view.
#[component]
fn BoardBar(
    locale: Locale,
    date: NaiveDate,
    today: NaiveDate,
    board_view: BoardView,
    can_plan: bool,
    /// The zone of the board, in words.
    zone: String,
) -> impl IntoView {
    let step = if board_view == BoardView::Week { 7 } else { 1 };
    let before = board_path(date - Days::new(step), board_view);
    let after = board_path(date + Days::new(step), board_view);
    let choice = view! {
        <nav class="board-days" aria-label=t!(locale, "date")>
            <a class="button button-icon" href=before title=t!(locale, "previous-day")><Icon name="chevron-left"/><span class="hidden">{t!(locale, "previous-day")}</span></a>
            <a class="button" href=board_path(today, board_view)>{t!(locale, "today")}</a>
            <a class="button button-icon" href=after title=t!(locale, "next-day")><Icon name="chevron-right"/><span class="hidden">{t!(locale, "next-day")}</span></a>
            <details class="menu day-menu">
                <summary><strong>{format::day(locale, date)}</strong><span class="quiet small board-zone">{zone.clone()}</span><Icon name="chevron-down"/></summary>
                <form method="get" action="/app/board" class="menu-list">
                    <input type="hidden" name="view" value=board_view.name()/>
                    <label class="hidden" for="board-date">{t!(locale, "date")}</label>
                    <input id="board-date" type="date" name="date" value=date.format("%Y-%m-%d").to_string() required=true/>
                    <button class="button" type="submit">{t!(locale, "board-show-date")}</button>
                    <p class="quiet small">{zone}</p>
                </form>
            </details>
        </nav>
        <nav class="segments" aria-label=t!(locale, "board-views")>
            {BoardView::ALL.into_iter().map(|choice| {
                let is_current = (choice == board_view).then_some("page");
                view! { <a href=board_path(date, choice) aria-current=is_current>{by_key(locale, &format!("board-{}", choice.name()))}</a> }
            }).collect_view()}
        </nav>
    };
    view! {
        <PageBar locale title=t!(locale, "board-title") beside=choice.into_any()>{can_plan.then(|| view! { <SuggestionRow locale date/> })}</PageBar>
    }
}

/// Requests route suggestions for the day.
#[component]
fn SuggestionRow(locale: Locale, date: NaiveDate) -> impl IntoView {
    view! {
        <a class="button button-quiet" href="/app/board/suggestions">{t!(locale, "suggestions-earlier")}</a>
        <form method="post" action=owned("/app/fn/suggest-routes")><input type="hidden" name="date" value=date.format("%Y-%m-%d").to_string()/><button class="button button-primary" type="submit"><Icon name="navigation"/>{t!(locale, "suggestion-request")}</button></form>
    }
}

/// The note that some travel times are estimates because the road service did not return all of them.
#[component]
fn EstimatedNote(locale: Locale) -> impl IntoView {
    view! { <p class="quiet estimated">{t!(locale, "travel-estimated")}</p> }
}

/// Parses a cursor of the unscheduled jobs: rank of the priority, creation time and ID.
fn parse_unscheduled_cursor(text: &str) -> Option<UnscheduledCursor> {
    let mut parts = text.split('~');
    let weight = parts.next()?.parse().ok()?;
    let at = cursor_time(parts.next()?.parse::<DateTime<Utc>>().ok()?.timestamp_micros());
    Some((weight, at, parts.next()?.parse().ok()?))
}

fn format_unscheduled_cursor((weight, at, id): UnscheduledCursor) -> String {
    format!(
        "{weight}~{}~{id}",
        at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
    )
}

/// Describes a scheduling conflict.
fn conflict_text(locale: Locale, conflict: &Conflict) -> String {
    match conflict {
        Conflict::InPast => t!(locale, "conflict-in-past"),
        Conflict::UnusualTime => t!(locale, "conflict-unusual-time"),
        Conflict::TooShort { by } => t!(locale, "conflict-too-short", time = duration_text(locale, *by)),
        Conflict::Absent(kind) => t!(
            locale,
            "conflict-time-off",
            why = by_key(locale, &format!("absence-{}", kind.name()))
        ),
        Conflict::NoShift => t!(locale, "conflict-no-shift"),
        Conflict::OutsideShift { by } => t!(locale, "conflict-outside-shift", time = duration_text(locale, *by)),
        Conflict::Skills(missing) => t!(locale, "conflict-skills", skills = format::list(locale, missing)),
        Conflict::OutsideWindow { by } => t!(locale, "conflict-outside-window", time = duration_text(locale, *by)),
        Conflict::Offered { number } => t!(locale, "conflict-offered", job = format::job_number(number)),
        Conflict::Overlap { number } => t!(locale, "conflict-overlap", job = format::job_number(number)),
        Conflict::Travel {
            number,
            is_before,
            takes,
            available,
        } => {
            let (job, takes) = (format::job_number(number), duration_text(locale, *takes));
            let available = duration_text(locale, (*available).max(TimeDelta::zero()));
            if *is_before {
                t!(
                    locale,
                    "conflict-travel-from",
                    job = job,
                    takes = takes,
                    there = available
                )
            } else {
                t!(
                    locale,
                    "conflict-travel-to",
                    job = job,
                    takes = takes,
                    there = available
                )
            }
        }
    }
}

/// Formats a duration such as `1 h 20 min`, rounded up to whole minutes.
pub(crate) fn duration_text(locale: Locale, time: TimeDelta) -> String {
    let minutes = (time.num_seconds() + 59) / 60;
    let (hours, minutes) = (minutes / 60, minutes % 60);
    match (hours, minutes) {
        (0, minutes) => t!(locale, "duration-minutes", minutes = minutes),
        (hours, 0) => t!(locale, "duration-hours", hours = hours),
        (hours, minutes) => t!(locale, "duration-hours-minutes", hours = hours, minutes = minutes),
    }
}

/// Formats the time of a visit in its location's zone; the zone is named if it differs from the board's.
fn visit_time(locale: Locale, visit: &BoardVisit, zone: &str) -> String {
    let span = format::span(visit.starts_at, visit.ends_at, &visit.zone);
    if visit.zone == zone || has_same_local_time(visit, zone) {
        span
    } else {
        format!("{span} ({})", format::zone_name(locale, &visit.zone))
    }
}

fn has_same_local_time(visit: &BoardVisit, zone: &str) -> bool {
    format::span(visit.starts_at, visit.ends_at, &visit.zone) == format::span(visit.starts_at, visit.ends_at, zone)
}

/// Returns the path of the page that reschedules a visit.
fn reschedule_path(target: impl std::fmt::Display, back: &str) -> String {
    format!("/app/board/move?target={target}&back={}", format::escape_query(back))
}

/// Returns the icon for what happened at a visit.
const fn status_icon(status: TargetStatus) -> Option<&'static str> {
    match status {
        TargetStatus::EnRoute => Some("truck"),
        TargetStatus::OnSite => Some("wrench"),
        TargetStatus::Completed => Some("check"),
        TargetStatus::NotCompleted => Some("x"),
        TargetStatus::Open | TargetStatus::Scheduled | TargetStatus::Dispatched | TargetStatus::Cancelled => None,
    }
}
