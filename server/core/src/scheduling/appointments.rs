//! Manual scheduling: creates, reschedules and reopens the appointment of a target.

use chrono::{
    DateTime, Datelike as _, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::fields::{FieldCode, FieldError, ScheduleConflict};
use domain::identity::permissions::PlanTargets;
use domain::ids::{AppointmentId, StaffId, TargetId};
use domain::intake::mails::MailKind;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::{Cause, Record};
use domain::requests::RequestStatus;
use domain::scheduling::consent::AcceptedConflicts;
use domain::text;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Administrator, Permit};
use crate::jobs::model::TargetView;
use crate::notifications;
use crate::notifications::NotificationTrigger;
use crate::scheduling::board::moves::load_conflicts;
use crate::scheduling::store::appointments::NewAppointment;
use crate::{Core, CoreError, CoreResult};

/// The longest reason of a visit that is entered afterwards, in characters.
pub const MAX_REASON_CHARS: usize = 300;
/// The longest visit window. The board query relies on it: no visit starts earlier than this before it ends.
const MAX_WINDOW_HOURS: i64 = 12;
/// The years that can be scheduled; time zone arithmetic overflows far outside of them.
pub const SCHEDULABLE_YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// The unparsed fields of the schedule form.
#[derive(Debug, Clone, Default)]
pub struct ScheduleForm {
    /// Staff ID.
    pub technician: String,
    /// ISO date, such as `2026-11-24`.
    pub date: String,
    /// Local time in the location's zone, such as `09:00`.
    pub start: String,
    /// Local time in the location's zone, such as `11:00`.
    pub end: String,
    /// Which of two times is meant if the clocks go back: `first`, `second`, or empty if that is not known.
    pub start_occurrence: String,
    pub end_occurrence: String,
    /// Whether the customer sees the appointment.
    pub shared: bool,
    /// The conflicts that the dispatcher has seen and accepts.
    pub accepted: AcceptedConflicts,
    /// Why a visit that has ended is entered afterwards; only required for such a visit.
    pub reason: String,
    /// ID of the planned appointment when the form was rendered, empty for none; `None` skips the concurrency check.
    pub was: Option<String>,
}

/// Parses start and end of a visit in the location's zone.
pub(crate) fn parse_span(input: &ScheduleForm, zone: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Vec<FieldError>> {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let mut form = Form::default();
    let date = NaiveDate::parse_from_str(&input.date, "%Y-%m-%d").ok();
    let date = date.filter(|date| SCHEDULABLE_YEARS.contains(&date.year()));
    if date.is_none() {
        form.add_error("date", FieldCode::InvalidDate);
    }
    let start = parse_time(&mut form, "start", &input.start);
    let end = parse_time(&mut form, "end", &input.end);
    let starts_at = date
        .zip(start)
        .and_then(|(date, time)| parse_local_time(&mut form, "start", zone, date, time, &input.start_occurrence));
    // An overnight visit ends on the next day.
    let is_overnight = start
        .zip(end)
        .is_some_and(|(start, end)| end < start && start.hour() >= 12 && end.hour() < 12);
    let end_date = if is_overnight {
        date.and_then(|date| date.succ_opt())
    } else {
        date
    };
    // After the second of two times, only the second of two others can follow.
    let end_occurrence = match (input.end_occurrence.as_str(), input.start_occurrence.as_str()) {
        ("", "second") => "second",
        (chosen, _) => chosen,
    };
    let ends_at = end_date
        .zip(end)
        .and_then(|(date, time)| parse_local_time(&mut form, "end", zone, date, time, end_occurrence));
    if let Some((starts_at, ends_at)) = starts_at.zip(ends_at) {
        validate_window_length(&mut form, "end", starts_at, ends_at);
        if form.0.is_empty() {
            return Ok((starts_at, ends_at));
        }
    }
    Err(form.0)
}

/// Schedules or reschedules a target. The previous appointment is kept as history, and an accepted request behind the
/// target becomes planned.
///
/// # Errors
/// Invalid fields, including unaccepted conflicts; `illegal_transition` once work has begun; `concurrent_modification`
/// if the planned appointment differs from `input.was`.
pub async fn schedule(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId, input: &ScheduleForm) -> CoreResult<()> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(id).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let zone_name = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    // Reject a form that was rendered before another dispatcher changed the appointment.
    if let Some(was) = &input.was {
        let planned = tx
            .appointments_of(id)
            .await?
            .into_iter()
            .find(|appointment| appointment.status == AppointmentStatus::Planned);
        let current = planned
            .map(|appointment| appointment.id.to_string())
            .unwrap_or_default();
        if *was != current {
            return Err(CoreError::conflict(Record::Job));
        }
    }
    let mut form = Form::default();
    let technician = input.technician.parse::<StaffId>().ok();
    let technician = match technician {
        Some(technician) if tx.is_technician(technician).await? => Some(technician),
        _ => {
            form.add_error("technician", FieldCode::Required);
            None
        }
    };
    let span = parse_span(input, &zone_name);
    let is_past = span.as_ref().is_ok_and(|(_, ends_at)| *ends_at <= core.clock.now());
    let mut reason = None;
    if let Ok((starts_at, ends_at)) = span
        && let Some(technician) = technician
        && let Some(job) = tx.board_job(id).await?
    {
        let found = load_conflicts(core, &mut tx, &job, technician, starts_at, ends_at).await?;
        let conflicts: Vec<ScheduleConflict> = found.iter().map(Into::into).collect();
        // Consent covers what was shown. If anything else stands against the visit, all of it is shown again.
        if !conflicts.iter().all(|conflict| input.accepted.covers(conflict)) {
            for conflict in conflicts {
                form.add_error("technician", FieldCode::Schedule(conflict));
            }
        } else if is_past {
            let typed = text::line(&input.reason, MAX_REASON_CHARS);
            reason = form.text("reason", MAX_REASON_CHARS, typed);
        }
    }
    let (starts_at, ends_at) = match span {
        Ok((starts_at, ends_at)) => (Some(starts_at), Some(ends_at)),
        Err(errors) => {
            form.0.extend(errors);
            (None, None)
        }
    };
    form.finish()?;
    if !target.is_mapped() {
        return Err(CoreError::field("technician", FieldCode::NeedsMapping));
    }
    let (Some(technician), Some(starts_at), Some(ends_at)) = (technician, starts_at, ends_at) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let visit = NewVisit {
        technician,
        starts_at,
        ends_at,
        zone: &zone_name,
        shared: input.shared,
        recorded_reason: reason.as_deref(),
    };
    schedule_visit(core, &mut tx, &target, &visit).await?;
    finish(core, tx).await
}

/// A visit to schedule.
pub(crate) struct NewVisit<'a> {
    pub technician: StaffId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: &'a str,
    pub shared: bool,
    /// Why a visit that has ended is entered afterwards.
    pub recorded_reason: Option<&'a str>,
}

/// Schedules or reschedules a visit in a transaction that has locked the target.
pub(crate) async fn schedule_visit<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    target: &TargetView,
    visit: &NewVisit<'_>,
) -> CoreResult<()> {
    let id = target.id;
    let appointments = tx.appointments_of(id).await?;
    let was_shared = appointments
        .iter()
        .any(|appointment| appointment.status == AppointmentStatus::Planned && appointment.is_shared);
    let change = SharedChange::between(was_shared, visit.shared);
    let is_reschedule = mark_scheduled(tx, target).await?;
    let appointment: AppointmentId = tx.new_id();
    tx.insert_appointment(&NewAppointment {
        id: appointment,
        target: id,
        technician: visit.technician,
        is_shared: visit.shared,
        starts_at: visit.starts_at,
        ends_at: visit.ends_at,
        zone: visit.zone,
        recorded_reason: visit.recorded_reason,
    })
    .await?;
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(change.timeline_kind(), id)
            .with_request(target.request_id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    )
    .await?;
    tx.audit(
        if is_reschedule {
            "appointment.moved"
        } else {
            "appointment.scheduled"
        },
        id,
        json!({
            "technician": visit.technician, "startsAt": visit.starts_at, "endsAt": visit.ends_at,
            "recordedReason": visit.recorded_reason,
        }),
    );
    let window = json!({ "id": appointment, "start": visit.starts_at, "end": visit.ends_at, "zone": visit.zone });
    tx.emit(
        NewEvent::for_target(EventType::TargetScheduled, id)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_details(json!({ "status": TargetStatus::Scheduled.name(), "appointment": window })),
    );
    let planned = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    crate::follow_ups::mark_planned(tx, &planned, appointment, &window).await?;
    if let Some(request) = tx.request_of_target(id).await?
        && request.status == RequestStatus::Accepted
    {
        crate::requests::change_status(tx, &request, RequestStatus::Planned, None).await?;
    }
    // A visit that is over is not announced.
    if let Some(trigger) = change.notification(visit).filter(|_| visit.recorded_reason.is_none()) {
        notifications::enqueue_for_target(core, tx, id, trigger).await?;
    }
    tx.withdraw_offer(id).await?;
    tx.clear_reschedule_request(id).await?;
    Ok(())
}

/// Marks the target as scheduled, or closes its previous appointment. Returns whether it had one.
async fn mark_scheduled<A: Administrator>(tx: &mut TenantTx<'_, A>, target: &TargetView) -> CoreResult<bool> {
    let id = target.id;
    let is_reschedule = target.status.is_reschedulable();
    if !is_reschedule {
        target.status.step(TargetStatus::Scheduled)?;
    }
    let is_marked = if is_reschedule {
        tx.close_planned_appointment(id, AppointmentStatus::Moved).await?
    } else {
        tx.set_target_status(id, target.status, TargetStatus::Scheduled).await?
    };
    if !is_marked {
        return Err(CoreError::conflict(Record::Job));
    }
    Ok(is_reschedule)
}

/// What a customer, who sees only shared appointments, notices of a scheduled visit.
#[derive(Debug, Clone, Copy)]
enum SharedChange {
    Moved,
    Scheduled,
    Cancelled,
    Nothing,
}

impl SharedChange {
    const fn between(was_shared: bool, is_shared: bool) -> Self {
        match (was_shared, is_shared) {
            (true, true) => Self::Moved,
            (false, true) => Self::Scheduled,
            (true, false) => Self::Cancelled,
            (false, false) => Self::Nothing,
        }
    }

    const fn timeline_kind(self) -> TimelineKind {
        match self {
            Self::Moved => TimelineKind::AppointmentMoved,
            Self::Scheduled => TimelineKind::AppointmentScheduled,
            Self::Cancelled => TimelineKind::AppointmentCancelled,
            Self::Nothing => TimelineKind::TargetPlannedInternally,
        }
    }

    fn notification<'a>(self, visit: &NewVisit<'a>) -> Option<NotificationTrigger<'a>> {
        let with_window =
            |kind| NotificationTrigger::with_windows(kind, vec![(visit.starts_at, visit.ends_at)], visit.zone);
        match self {
            Self::Moved => Some(with_window(MailKind::AppointmentMoved)),
            Self::Scheduled => Some(with_window(MailKind::AppointmentScheduled)),
            Self::Cancelled => Some(NotificationTrigger::new(MailKind::AppointmentCancelled)),
            Self::Nothing => None,
        }
    }
}

/// Validates that a window ends after it starts and is at most [`MAX_WINDOW_HOURS`] long.
pub(crate) fn validate_window_length(form: &mut Form, field: &str, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) {
    if ends_at <= starts_at {
        form.add_error(field, FieldCode::EndBeforeStart);
    } else if ends_at - starts_at > TimeDelta::hours(MAX_WINDOW_HOURS) {
        form.add_error(
            field,
            FieldCode::WindowTooLong {
                max_hours: MAX_WINDOW_HOURS,
            },
        );
    }
}

pub(crate) fn parse_time(form: &mut Form, name: &str, text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
    if time.is_none() {
        form.add_error(name, FieldCode::InvalidTime);
    }
    time
}

/// Converts a local time to UTC. A time that is skipped because the clocks go forward is an error, and so is one that occurs
/// twice unless `occurrence` says which one is meant.
pub(crate) fn parse_local_time(
    form: &mut Form,
    name: &str,
    zone: Tz,
    date: NaiveDate,
    time: NaiveTime,
    occurrence: &str,
) -> Option<DateTime<Utc>> {
    match (zone.from_local_datetime(&date.and_time(time)), occurrence) {
        (LocalResult::Single(moment), _)
        | (LocalResult::Ambiguous(moment, _), "first")
        | (LocalResult::Ambiguous(_, moment), "second") => Some(moment.with_timezone(&Utc)),
        (LocalResult::Ambiguous(..), _) => {
            form.add_error(name, FieldCode::TimeOccursTwice);
            None
        }
        (LocalResult::None, _) => {
            form.add_error(name, FieldCode::TimeDoesNotExist);
            None
        }
    }
}

/// Returns which of two equal local times a moment is, as [`ScheduleForm::start_occurrence`] names it; empty if its local time
/// occurs once.
pub fn occurrence(moment: DateTime<Utc>, zone: Tz) -> &'static str {
    let local = moment.with_timezone(&zone);
    match zone.from_local_datetime(&local.naive_local()) {
        LocalResult::Ambiguous(first, _) if first == local => "first",
        LocalResult::Ambiguous(..) => "second",
        LocalResult::Single(_) | LocalResult::None => "",
    }
}

/// Reopens a target whose visit was not completed, so that it can be scheduled again.
///
/// # Errors
/// `illegal_transition` from any other state.
pub async fn reopen(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let to = target.status.step(TargetStatus::Open)?;
    if target.status != TargetStatus::NotCompleted {
        // Only its source reopens a cancelled job (decision 0033).
        return Err(CoreError::new(Cause::WorkStarted));
    }
    if !tx.set_target_status(id, target.status, to).await? {
        return Err(CoreError::conflict(Record::Job));
    }
    tx.add_timeline_entry(
        NewTimelineEntry::for_target(TimelineKind::TargetReopened, id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    )
    .await?;
    tx.audit("target.reopened", id, json!({}));
    tx.emit(
        NewEvent::for_target(EventType::TargetUpdated, id)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_contact(target.contact_id)
            .with_details(json!({ "status": to.name() })),
    );
    finish(core, tx).await
}
