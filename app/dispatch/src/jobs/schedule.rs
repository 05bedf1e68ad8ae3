//! The forms that schedule, reopen and cancel a job.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::ScheduleConflict;
use domain::ids::TargetId;
use domain::intake::MAX_MESSAGE_CHARS;
use domain::intake::mails::MailTopic;
use domain::locale::Locale;
use domain::scheduling::consent::AcceptedConflicts;
use leptos::prelude::*;
use ordinavo_core::notifications::reach::{Reach, SourceReach};
use ordinavo_core::scheduling::appointments::{MAX_REASON_CHARS, occurrence};
use ordinavo_core::scheduling::model::{AppointmentSummary, TechnicianChoice};
use ui::components::{ConfirmAction, CustomerVisibleBox, InternalBox};
use ui::drafts::owned;
use ui::format;
use ui::forms::{CheckField, ErrorSummary, FormState, SelectField, TextArea, TextField};
use ui::islands::SubmitOnce;

use crate::notifications::reach::{ReachLines, source_line};
use crate::scheduling::board::proposed_start;
use crate::scheduling::occurrence::Occurrence;
use crate::t;

/// Takes back that the technician is on the way.
#[component]
pub(super) fn RevertTravelForm(id: TargetId, locale: Locale) -> impl IntoView {
    view! {
        <ConfirmAction label=t!(locale, "revert-travel") consequence=t!(locale, "revert-travel-consequence")>
            <SubmitOnce><form method="post" action=owned("/app/fn/revert-travel-of-technician")><input type="hidden" name="target" value=id.to_string()/><button class="button" type="submit">{t!(locale, "revert-travel-now")}</button></form></SubmitOnce>
        </ConfirmAction>
    }
}

/// Reopens a job whose visit did not complete it.
#[component]
pub(super) fn ReopenCard(id: TargetId, locale: Locale) -> impl IntoView {
    view! {
        <section class="card"><h2>{t!(locale, "reopen-title")}</h2><p>{t!(locale, "reopen-text")}</p>
            <SubmitOnce><form method="post" action=owned("/app/fn/reopen-target")><input type="hidden" name="target" value=id.to_string()/><button class="button button-primary" type="submit">{t!(locale, "reopen")}</button></form></SubmitOnce>
        </section>
    }
}

/// Cancels the job: the reason for the team, and a message for the customer if they are notified.
#[component]
pub(super) fn CancelForm(
    id: TargetId,
    locale: Locale,
    form: FormState,
    notifies_customer: bool,
    reach: Option<Reach>,
    source: Option<SourceReach>,
    zone: String,
) -> impl IntoView {
    let (internal, outward, open) = (form.clone(), form.clone(), form.has_typed_values());
    view! {
        <ConfirmAction label=t!(locale, "cancel-job") consequence=t!(locale, "cancel-job-consequence") open>
            <ReachLines reach topic=MailTopic::Appointments locale zone/>
            {source.map(|source| view! { <p class="quiet">{source_line(locale, &source)}</p> })}
            <SubmitOnce><form method="post" action=owned("/app/fn/cancel-target")>
                <ErrorSummary form/>
                <input type="hidden" name="target" value=id.to_string()/>
                <InternalBox locale><TextArea form=internal field="reason" label=t!(locale, "cancel-job-reason") help=t!(locale, "cancel-job-reason-help") rows=3 max_length=MAX_MESSAGE_CHARS/></InternalBox>
                {notifies_customer.then(|| view! { <CustomerVisibleBox locale><TextArea form=outward field="message" label=t!(locale, "cancel-job-message") help=t!(locale, "cancel-job-message-help") rows=3 optional=true max_length=MAX_MESSAGE_CHARS/></CustomerVisibleBox> })}
                <button class="button button-bad" type="submit">{t!(locale, "cancel-job-now")}</button>
            </form></SubmitOnce>
        </ConfirmAction>
    }
}

/// The values with which the form opens: those of the appointment, or proposed ones.
struct ShownTimes {
    technician: String,
    date: String,
    start: String,
    end: String,
    shared: bool,
}

impl ShownTimes {
    fn new(
        current: Option<&AppointmentSummary>,
        proposed: DateTime<Utc>,
        duration_minutes: i64,
        zone: chrono_tz::Tz,
    ) -> Self {
        let (starts_at, ends_at) = current.map_or(
            (proposed, proposed + TimeDelta::minutes(duration_minutes)),
            |appointment| (appointment.starts_at, appointment.ends_at),
        );
        let local = |moment: DateTime<Utc>, format| moment.with_timezone(&zone).format(format).to_string();
        Self {
            technician: current.map_or_else(String::new, |appointment| appointment.technician_id.to_string()),
            date: local(starts_at, "%Y-%m-%d"),
            start: local(starts_at, "%H:%M"),
            end: local(ends_at, "%H:%M"),
            shared: current.is_none_or(|appointment| appointment.is_shared),
        }
    }
}

/// The form that schedules or reschedules the appointment.
#[component]
pub(super) fn ScheduleCard(
    id: TargetId,
    locale: Locale,
    form: FormState,
    technicians: Vec<TechnicianChoice>,
    current: Option<AppointmentSummary>,
    zone: String,
    window: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The work time of the job.
    duration_minutes: i64,
    now: DateTime<Utc>,
) -> impl IntoView {
    let tz: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    let form = if current.is_none() { form.of_new() } else { form };
    let proposed = proposed_start(None, window, now, &tz);
    let ShownTimes {
        technician,
        date,
        start,
        end,
        shared,
    } = ShownTimes::new(current.as_ref(), proposed, duration_minutes, tz);
    let (start_occurrence, end_occurrence) = current.as_ref().map_or(("", ""), |appointment| {
        (
            occurrence(appointment.starts_at, tz),
            occurrence(appointment.ends_at, tz),
        )
    });
    // Another dispatcher's appointment is not replaced unseen.
    let planned = current
        .as_ref()
        .map_or_else(String::new, |appointment| appointment.id.to_string());
    let (title, submit_label) = if current.is_some() {
        (t!(locale, "reschedule-title"), t!(locale, "reschedule-appointment"))
    } else {
        (t!(locale, "schedule-title"), t!(locale, "schedule-appointment"))
    };
    let conflicts = form.schedule_conflicts("technician");
    // The reason is asked for where the visit is over, and stays while it is corrected.
    let is_past = conflicts.contains(&ScheduleConflict::InThePast) || form.error("reason").is_some();
    let afterwards = form.clone();
    let accepted = (!conflicts.is_empty()).then(|| AcceptedConflicts::to_form(&conflicts));
    let choices = technicians
        .into_iter()
        .map(|technician| (technician.id.to_string(), technician.display_name))
        .collect();
    let zone_help = t!(locale, "zone-help", zone = format::zone_name(locale, &zone));
    view! {
        <section class="card" aria-labelledby="schedule">
            <h2 id="schedule">{title}</h2>
            <SubmitOnce>
            <form method="post" action=owned("/app/fn/schedule-target")>
                <ErrorSummary form=form.clone()/>
                <input type="hidden" name="target" value=id.to_string()/>
                <input type="hidden" name="was" value=planned/>
                <SelectField form=form.clone() field="technician" label=t!(locale, "technician") choices value=technician/>
                <TextField form=form.clone() field="date" label=t!(locale, "date") kind="date" value=date/>
                <div class="pair">
                    <TextField form=form.clone() field="start" label=t!(locale, "start") kind="time" value=start/>
                    <TextField form=form.clone() field="end" label=t!(locale, "end") kind="time" value=end/>
                </div>
                <Occurrence form=form.clone() asked="start" field="start_occurrence" stored=start_occurrence locale/>
                <Occurrence form=form.clone() asked="end" field="end_occurrence" stored=end_occurrence locale/>
                <p class="help">{zone_help}</p>
                {accepted.map(|accepted| view! { <CheckField form=form.clone() field="overlap" label=t!(locale, "schedule-anyway") value=accepted/> })}
                {is_past.then(|| view! { <InternalBox locale><TextField form=afterwards field="reason" label=t!(locale, "recorded-reason") help=t!(locale, "recorded-reason-help") max_length=MAX_REASON_CHARS/></InternalBox> })}
                <CheckField form=form.clone() field="shared" label=t!(locale, "share-appointment") checked=shared help=t!(locale, "share-help")/>
                <button class="button button-primary" type="submit">{submit_label}</button>
            </form>
            </SubmitOnce>
        </section>
    }
}
