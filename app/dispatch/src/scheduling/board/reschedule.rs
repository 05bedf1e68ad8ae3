//! Schedules or reschedules a job: technician, time, conflicts and who is affected are shown before anything is saved.
//! The board shows the center of this page as a dialog; without JavaScript it is a page of its own.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::fields::ScheduleConflict;
use domain::identity::permissions::PlanTargets;
use domain::ids::TargetId;
use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use domain::scheduling::conflicts::Conflict;
use domain::scheduling::consent::AcceptedConflicts;
use domain::scheduling::{technicians, windows};
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::scheduling::appointments;
use ordinavo_core::scheduling::appointments::{SCHEDULABLE_YEARS, ScheduleForm, occurrence};
use ordinavo_core::scheduling::board::moves;
use ordinavo_core::scheduling::board::moves::{Planned, Preview, Proposal};
use ordinavo_core::scheduling::model::AppointmentSummary;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::components::{InternalBox, ProblemNotice};
use ui::drafts::owned;
use ui::flash::Flash;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextField};
use ui::icons::Icon;
use ui::islands::SubmitOnce;
use ui::page::page;
use ui::title::Title;

use crate::notifications::reach;
use crate::scheduling::board::{EstimatedNote, conflict_text, duration_text};
use crate::scheduling::occurrence::Occurrence;
use crate::shared::{service_label, viewer_staff};
use crate::shell::{AppFrame, PageBar, Parent};
use crate::t;

/// Returns `back` if it is a page of the board. Prevents open redirects.
fn safe_back(back: &str) -> String {
    let is_board = back == "/app/board" || back.starts_with("/app/board?");
    if is_board && back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        back.to_owned()
    } else {
        "/app/board".to_owned()
    }
}

/// The earliest and the latest usual start of a visit, by the local clock.
const FIRST_START: u32 = 9 * 60;
const LAST_START: u32 = 18 * 60;
const HALF_HOUR: i64 = 30;

/// Returns the start to propose for a visit: on the day on screen, else in the requested window, else on the next working day.
/// Never in the past.
pub(crate) fn proposed_start(
    on_screen: Option<NaiveDate>,
    window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    now: DateTime<Utc>,
    zone: &Tz,
) -> DateTime<Utc> {
    let local = |moment: DateTime<Utc>| moment.with_timezone(zone);
    let today = local(now).date_naive();
    let days = window.map(|(start, end)| (local(start).date_naive(), local(end).date_naive()));
    let day = windows::proposed_day(on_screen, days, today);
    let at = |day: NaiveDate, minute: u32| {
        let minute = u16::try_from(minute).unwrap_or_default();
        technicians::local_moment(day, minute, zone).unwrap_or(now)
    };
    let usual = at(day, FIRST_START);
    // A window of that day says when; one that begins at midnight says only which day.
    let requested = window
        .map(|(start, _)| start)
        .filter(|start| local(*start).date_naive() == day && local(*start).time() != NaiveTime::MIN);
    let start = requested.unwrap_or(usual);
    if start > now {
        return start;
    }
    let minutes = HALF_HOUR - now.timestamp() / 60 % HALF_HOUR;
    let soon = DateTime::from_timestamp(now.timestamp() / 60 * 60, 0).unwrap_or(now) + TimeDelta::minutes(minutes);
    if soon <= at(day, LAST_START) {
        soon
    } else {
        at(windows::next_working_day(today), FIRST_START)
    }
}

/// Returns the day that the board shows, from the address to return to; today without one.
fn day_on_screen(back: &str, today: NaiveDate) -> Option<NaiveDate> {
    let query = back.strip_prefix("/app/board")?.trim_start_matches('?');
    match query.split('&').find_map(|pair| pair.strip_prefix("date=")) {
        Some(date) => NaiveDate::parse_from_str(date, "%Y-%m-%d").ok(),
        None => Some(today),
    }
}

/// Returns the visit described by the query; missing values come from the current appointment or the job.
fn proposed_visit(query: impl Fn(&str) -> String, found: &Preview, zone: &str, now: DateTime<Utc>) -> Proposal {
    let tz: Tz = zone.parse().unwrap_or(Tz::UTC);
    let day = |moment: DateTime<Utc>| moment.with_timezone(&tz).format("%Y-%m-%d").to_string();
    let value_or = |typed: String, otherwise: String| if typed.is_empty() { otherwise } else { typed };
    let current = found.current.as_ref();
    let minutes = current.map_or(found.job.duration_minutes, |appointment| {
        (appointment.ends_at - appointment.starts_at).num_minutes()
    });
    // The board passes timestamps, independent of time zones.
    let at = query("at")
        .parse::<i64>()
        .ok()
        .and_then(|at| DateTime::from_timestamp(at, 0))
        .filter(|at| SCHEDULABLE_YEARS.contains(&at.year()));
    let starts_at = at.or(current.map(|appointment| appointment.starts_at));
    let is_chosen = at.is_some() || !query("start").is_empty();
    let on_screen = day_on_screen(&query("back"), now.with_timezone(&tz).date_naive());
    let proposed = proposed_start(on_screen, found.requested_window(), now, &tz);
    let time = |moment: DateTime<Utc>| moment.with_timezone(&tz).format("%H:%M").to_string();
    let starts_at = starts_at.unwrap_or(proposed);
    let ends_at = starts_at + TimeDelta::minutes(minutes.clamp(5, 720));
    let start = value_or(query("start"), time(starts_at));
    let end = time(ends_at);
    // Only times that were not typed are known exactly.
    let occurrence_of = |typed: &str, name: &str, moment| match query(typed).is_empty() {
        true => value_or(query(name), occurrence(moment, tz).to_owned()),
        false => query(name),
    };
    Proposal {
        form: ScheduleForm {
            technician: value_or(
                query("technician"),
                current
                    .map(|appointment| appointment.technician_id.to_string())
                    .unwrap_or_default(),
            ),
            date: value_or(query("date"), day(starts_at)),
            reason: String::new(),
            start,
            end: value_or(query("end"), end),
            start_occurrence: occurrence_of("start", "start_occurrence", starts_at),
            end_occurrence: occurrence_of("end", "end_occurrence", ends_at),
            shared: current.is_none_or(|appointment| appointment.is_shared),
            accepted: AcceptedConflicts::default(),
            was: Some(
                current
                    .map(|appointment| appointment.id.to_string())
                    .unwrap_or_default(),
            ),
        },
        is_chosen,
    }
}

/// `/app/board/move`.
#[component]
pub fn ReschedulePage() -> impl IntoView {
    let staff = viewer_staff();
    let content = page(|request| async move {
        let staff = staff?;
        let locale = request.viewer.locale;
        let permit = staff.may::<PlanTargets>()?;
        let id: TargetId = request.query("target").parse().map_err(|_| CoreError::not_found())?;
        let back = safe_back(&request.query("back"));
        let zone_of = |found: &Preview| {
            let zone = found.target.location_zone.clone();
            zone.unwrap_or_else(|| staff.zone().to_owned())
        };
        let propose =
            |found: &Preview| proposed_visit(|name| request.query(name), found, &zone_of(found), request.viewer.now);
        let (found, Proposal { form, is_chosen }) = moves::page(&request.core, permit, id, propose).await?;
        let zone = zone_of(&found);
        // What is wrong with the typed times is shown at their fields, as after sending the form.
        let unchecked = Flash {
            form: "move".to_owned(),
            errors: found.errors.clone(),
            ..Flash::default()
        };
        let flash = request
            .flash
            .as_ref()
            .or_else(|| (!found.errors.is_empty()).then_some(&unchecked));
        let state = FormState::of_item("move", id, locale, flash);
        let number = format::job_number(found.target.number);
        let title = if found.current.is_some() {
            t!(locale, "board-reschedule-job", job = number.clone())
        } else {
            t!(locale, "board-schedule-job", job = number.clone())
        };
        let current = found
            .current
            .as_ref()
            .map(|appointment| current_appointment_text(locale, appointment));
        let choices = found
            .technicians
            .iter()
            .map(|technician| (technician.id.to_string(), technician.display_name.clone()))
            .collect();
        let plan = is_chosen.then(|| view! { <Plan found=found.clone() form=form.clone() state=state.clone() id locale back=back.clone() zone=zone.clone()/> });
        let cancel = back.clone();
        Ok(view! {
            <Title text=title.clone()/>
            <PageBar locale title=number.clone() parent=Parent::new("/app/board", t!(locale, "board-title")) is_trail=true/>
            <section id="move" class="move" aria-labelledby="move-title">
                <ProblemNotice locale flash=request.flash.clone().filter(|flash| flash.errors.is_empty()) request_id=request.viewer.request_id.clone()/>
                <h1 id="move-title" tabindex="-1">{title}</h1>
                <p><a href=format!("/app/targets/{id}")><bdi class="mono">{number}</bdi>" "{service_label(locale, found.target.service_type.as_deref())}</a>" · "<bdi>{found.target.customer_name.clone()}</bdi>" · "<bdi>{found.target.location_name.clone()}</bdi></p>
                <p class="quiet">{current.unwrap_or_else(|| t!(locale, "no-appointment"))}</p>
                <form method="get" action="/app/board/move" class="move-form">
                    <input type="hidden" name="target" value=id.to_string()/><input type="hidden" name="back" value=back/>
                    <SelectField form=state.clone() field="technician" label=t!(locale, "technician") choices value=form.technician.clone()/>
                    <TextField form=state.clone() field="date" label=t!(locale, "date") kind="date" value=form.date.clone()/>
                    <TextField form=state.clone() field="start" label=t!(locale, "start") kind="time" value=form.start.clone()/>
                    <TextField form=state.clone() field="end" label=t!(locale, "end") kind="time" value=form.end.clone()/>
                    <Occurrence form=state.clone() asked="start" field="start_occurrence" stored=stored(&form.start_occurrence) locale/>
                    <Occurrence form=state asked="end" field="end_occurrence" stored=stored(&form.end_occurrence) locale/>
                    <div class="actions"><button class="button" type="submit">{t!(locale, "board-check")}</button><a class="button" href=cancel data-close="">{t!(locale, "board-cancel")}</a></div>
                </form>
                <p class="help">{t!(locale, "zone-help", zone = format::zone_name(locale, &zone))}</p>
                {plan}
            </section>
        }
        .into_any())
    });
    view! { <AppFrame current="/app/board">{content}</AppFrame> }
}

/// Returns the name of an occurrence as forms show it.
fn stored(occurrence: &str) -> &'static str {
    match occurrence {
        "first" => "first",
        "second" => "second",
        _ => "",
    }
}

/// Describes the current appointment.
fn current_appointment_text(locale: Locale, appointment: &AppointmentSummary) -> String {
    t!(
        locale,
        "board-current-appointment",
        day = format::date(locale, appointment.starts_at, &appointment.zone),
        time = format::span(appointment.starts_at, appointment.ends_at, &appointment.zone),
        name = appointment.technician.clone()
    )
}

/// The consequences of the change, and the button that saves it.
#[component]
fn Plan(
    found: Preview,
    form: ScheduleForm,
    state: FormState,
    id: TargetId,
    locale: Locale,
    back: String,
    zone: String,
) -> impl IntoView {
    let Some(plan) = found.plan.clone() else {
        return view! { <p id="move-summary" class="notice notice-warn">{t!(locale, "board-incomplete")}</p> }
            .into_any();
    };
    let has_no_conflicts = plan.conflicts.is_empty();
    let shown: Vec<ScheduleConflict> = plan.conflicts.iter().map(Into::into).collect();
    let shown_conflicts = AcceptedConflicts::to_form(&shown);
    let button = match (has_no_conflicts, found.current.is_some()) {
        (true, true) => t!(locale, "board-reschedule-appointment"),
        (true, false) => t!(locale, "board-schedule-appointment"),
        (false, _) => t!(locale, "schedule-anyway"),
    };
    let class = if has_no_conflicts {
        "button button-primary"
    } else {
        "button button-bad"
    };
    let afterwards = state.clone();
    view! {
        <div id="move-summary"><Summary plan=plan.clone() locale zone/></div>
        <SubmitOnce>
        <form method="post" action=owned("/app/fn/move-target") data-page="/app/board/move">
            <ErrorSummary form=state.clone()/>
            <input type="hidden" name="target" value=id.to_string()/><input type="hidden" name="back" value=back/>
            <input type="hidden" name="technician" value=form.technician/><input type="hidden" name="date" value=form.date/>
            <input type="hidden" name="start" value=form.start/><input type="hidden" name="end" value=form.end/>
            <input type="hidden" name="start_occurrence" value=form.start_occurrence/><input type="hidden" name="end_occurrence" value=form.end_occurrence/>
            <input type="hidden" name="was" value=form.was.unwrap_or_default()/>
            {(!has_no_conflicts).then(|| view! { <input type="hidden" name="overlap" value=shown_conflicts/> })}
            {plan.conflicts.contains(&Conflict::InPast).then(|| view! { <InternalBox locale><TextField form=afterwards field="reason" label=t!(locale, "recorded-reason") help=t!(locale, "recorded-reason-help") max_length=appointments::MAX_REASON_CHARS/></InternalBox> })}
            <CheckField form=state field="shared" label=t!(locale, "share-appointment") checked=form.shared help=t!(locale, "share-help")/>
            <Affected found plan locale/>
            <button class=class type="submit">{button}</button>
        </form>
        </SubmitOnce>
    }
    .into_any()
}

/// The technician, time, travel and conflicts. The board also shows it next to the pointer while dragging.
#[component]
fn Summary(plan: Planned, locale: Locale, zone: String) -> impl IntoView {
    let has_no_conflicts = plan.conflicts.is_empty();
    let travel_line = |travel_line: Option<(i64, TimeDelta)>, before: bool| {
        travel_line.map(|(number, time)| {
            let (job, time) = (format::job_number(number), duration_text(locale, time));
            let text = if before {
                t!(locale, "board-travel-from", job = job, time = time)
            } else {
                t!(locale, "board-travel-to", job = job, time = time)
            };
            view! { <p class="quiet">{text}</p> }
        })
    };
    view! {
        <p><strong><bdi>{plan.technician.display_name}</bdi></strong>" · "{format::date(locale, plan.starts_at, &zone)}" "<bdi>{format::span(plan.starts_at, plan.ends_at, &zone)}</bdi></p>
        {travel_line(plan.before, true)}
        {travel_line(plan.after, false)}
        {plan.is_estimated.then(|| view! { <EstimatedNote locale/> })}
        {has_no_conflicts.then(|| view! { <p class="move-free"><Icon name="check"/>{t!(locale, "board-no-conflicts")}</p> })}
        {(!has_no_conflicts).then(|| view! { <ul class="plain move-against">{plan.conflicts.iter().map(|conflict| view! { <li class="stop-warning"><Icon name="alert"/>{conflict_text(locale, conflict)}</li> }).collect_view()}</ul> })}
    }
}

/// The people and systems that the change affects.
#[component]
fn Affected(found: Preview, plan: Planned, locale: Locale) -> impl IntoView {
    let mut lines = Vec::new();
    let new = plan.technician.display_name;
    match &found.current {
        Some(current) if current.technician != new => {
            lines.push(t!(locale, "affected-loses-visit", name = current.technician.clone()));
            lines.push(t!(locale, "affected-gets-visit", name = new));
        }
        Some(_) => lines.push(t!(locale, "affected-visit-moved", name = new)),
        None => lines.push(t!(locale, "affected-gets-visit", name = new)),
    }
    let viewers: Vec<String> = found.viewers.iter().map(|viewer| viewer.display_name.clone()).collect();
    if viewers.is_empty() {
        lines.push(t!(locale, "affected-no-viewers"));
    } else {
        lines.push(t!(locale, "affected-viewers", names = format::list(locale, &viewers)));
    }
    if let Some(reach) = &found.reach {
        for line in reach::lines(locale, reach, MailTopic::Appointments) {
            lines.push(format!("{} {line}", t!(locale, "affected-if-shared")));
        }
    }
    if let Some(source) = &found.source {
        lines.push(reach::source_line(locale, source));
    }
    view! { <section><h2>{t!(locale, "affected-title")}</h2><ul>{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul></section> }
}

/// The form that schedules or reschedules a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MoveForm {
    target: FormId<TargetId>,
    technician: String,
    date: String,
    start: String,
    end: String,
    start_occurrence: String,
    end_occurrence: String,
    was: String,
    /// The page of the board to return to.
    back: String,
    /// Whether the customer sees the appointment: `on` or absent.
    shared: Option<String>,
    /// The conflicts that the page shows; pressing its button accepts them.
    overlap: Option<String>,
    /// Why a visit that has ended is entered afterwards.
    reason: String,
}

impl ActionForm for MoveForm {
    const NAME: &'static str = "move";
    // A rejected change is shown against the current state, so the page takes nothing but the query below.
    const TRANSIENT_FIELDS: &'static [&'static str] = &["technician", "date", "start", "end"];

    fn item(&self) -> String {
        self.target.ok().map(|id| id.to_string()).unwrap_or_default()
    }

    fn back(&self) -> String {
        let target = self.target.ok().map(|id| id.to_string()).unwrap_or_default();
        let query = format::query([
            ("target", &target),
            ("technician", &self.technician),
            ("date", &self.date),
            ("start", &self.start),
            ("end", &self.end),
            ("start_occurrence", &self.start_occurrence),
            ("end_occurrence", &self.end_occurrence),
            ("back", &safe_back(&self.back)),
        ]);
        format!("/app/board/move?{query}")
    }
}

#[server(prefix = "/app/fn", endpoint = "move-target")]
pub async fn move_target(#[server(flatten)] form: MoveForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: MoveForm| {
        let (permit, id) = (staff.may::<PlanTargets>()?, form.target.get()?);
        let input = ScheduleForm {
            technician: form.technician,
            date: form.date,
            start: form.start,
            end: form.end,
            start_occurrence: form.start_occurrence,
            end_occurrence: form.end_occurrence,
            shared: form.shared.is_some(),
            accepted: AcceptedConflicts::from_form(form.overlap.as_deref()),
            was: Some(form.was),
            reason: form.reason,
        };
        appointments::schedule(&core, permit, id, &input).await?;
        Ok(Redirect::to(safe_back(&form.back), "done-scheduled"))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::safe_back;

    #[test]
    fn safe_back_foreign_page_returns_board() {
        for (back, expected) in [
            (
                "/app/board?date=2026-11-24&view=day",
                "/app/board?date=2026-11-24&view=day",
            ),
            ("/app/board", "/app/board"),
            ("/app/boards", "/app/board"),
            ("https://evil.example", "/app/board"),
            ("//evil.example", "/app/board"),
            ("/app/board?\r\nset-cookie: a", "/app/board"),
            ("", "/app/board"),
        ] {
            assert_eq!(safe_back(back), expected, "{back}");
        }
    }
}
