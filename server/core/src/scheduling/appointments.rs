//! Planning by hand: fixing and moving a target's appointment.

use chrono::{
    DateTime, Datelike as _, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Timelike as _, Utc,
};
use chrono_tz::Tz;
use domain::conflicts::Conflict;
use domain::events::EventType;
use domain::fields::FieldError;
use domain::ids::{AppointmentId, StaffId, TargetId};
use domain::intake::mails::MailKind;
use domain::lifecycle::Lifecycle as _;
use domain::permissions::PlanTargets;
use domain::problems::Problem;
use domain::requests::RequestStatus;
use domain::targets::{AppointmentStatus, TargetStatus};
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Administrator, Permit};
use crate::jobs::model::TargetView;
use crate::notifications;
use crate::notifications::Occasion;
use crate::scheduling::board::moves::against_visit;
use crate::{Core, CoreError, CoreResult};

/// The longest visit window, in hours.
const LONGEST_WINDOW: i64 = 12;
/// The years in which something can be planned; far outside of them moments cannot be counted with.
pub const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// What the form sends, as text.
#[derive(Debug, Clone, Default)]
pub struct ScheduleForm {
    /// Technician's id.
    pub technician: String,
    /// `2026-11-24`.
    pub date: String,
    /// `09:00`, in the location's zone.
    pub start: String,
    /// `11:00`, in the location's zone.
    pub end: String,
    /// Whether the customer sees the appointment.
    pub shared: bool,
    /// The dispatcher has seen what stands against it and wants it all the same.
    pub overlap_accepted: bool,
    /// The appointment that the dispatcher saw, empty for none; `None` if the form does not say.
    pub was: Option<String>,
}

/// The beginning and the end that a form says, in the zone of the place.
pub(crate) fn read_span(input: &ScheduleForm, zone: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Vec<FieldError>> {
    let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
    let mut form = Form::default();
    let date = NaiveDate::parse_from_str(&input.date, "%Y-%m-%d").ok();
    let date = date.filter(|date| YEARS.contains(&date.year()));
    if date.is_none() {
        form.wrong("date", "invalid_date", "Choose a date.");
    }
    let start = read_time(&mut form, "start", &input.start);
    let end = read_time(&mut form, "end", &input.end);
    let starts_at = date
        .zip(start)
        .and_then(|(date, time)| read_moment(&mut form, "start", zone, date, time));
    // A visit of the night ends on the next day.
    let is_night = start
        .zip(end)
        .is_some_and(|(start, end)| end < start && start.hour() >= 12 && end.hour() < 12);
    let last = if is_night {
        date.and_then(|date| date.succ_opt())
    } else {
        date
    };
    let ends_at = last
        .zip(end)
        .and_then(|(date, time)| read_moment(&mut form, "end", zone, date, time));
    if let Some((starts_at, ends_at)) = starts_at.zip(ends_at) {
        check_length(&mut form, "end", starts_at, ends_at);
        if form.0.is_empty() {
            return Ok((starts_at, ends_at));
        }
    }
    Err(form.0)
}

/// The number or names in what stands against a visit, for whoever does not read it in words.
pub(crate) fn detail(conflict: &Conflict) -> String {
    match conflict {
        Conflict::Away(_) | Conflict::NoShift => String::new(),
        Conflict::OutsideShift { by } | Conflict::OutsideWindow { by } => minutes(*by),
        Conflict::Skills(missing) => missing.join(", "),
        Conflict::Overlap { number } => number.to_string(),
        Conflict::Travel { takes, there_is, .. } => format!("{} > {}", minutes(*takes), minutes(*there_is)),
    }
}

/// Whole minutes, rounded up.
fn minutes(time: TimeDelta) -> String {
    ((time.num_seconds() + 59) / 60).to_string()
}

/// Fixes an appointment, or moves the one that is there; the old one stays as history. A request behind the target
/// becomes planned.
///
/// # Errors
/// A field; `not_found`; `illegal_transition` once work has begun; `mapping` when the customer is not resolved.
pub async fn schedule(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId, input: &ScheduleForm) -> CoreResult<()> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(id).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let zone_name = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    // Whoever saw another plan than the one that is there does not plan over it.
    if let Some(was) = &input.was {
        let planned = tx
            .appointments_of(id)
            .await?
            .into_iter()
            .find(|appointment| appointment.status == AppointmentStatus::Planned);
        let is = planned
            .map(|appointment| appointment.id.to_string())
            .unwrap_or_default();
        if *was != is {
            return Err(CoreError::new(
                Problem::ConcurrentModification,
                "Somebody else has planned this job meanwhile.",
            ));
        }
    }
    let mut form = Form::default();
    let technician = input.technician.parse::<StaffId>().ok();
    let technician = match technician {
        Some(technician) if tx.is_technician(technician).await? => Some(technician),
        _ => {
            form.wrong("technician", "required", "Choose a technician.");
            None
        }
    };
    let span = read_span(input, &zone_name);
    if let Ok((starts_at, ends_at)) = span {
        if ends_at < core.clock.now() {
            form.wrong("date", "in_the_past", "This time has passed.");
        }
        if let Some(technician) = technician
            && !input.overlap_accepted
            && let Some(job) = tx.board_job(id).await?
        {
            for conflict in against_visit(core, &mut tx, &job, technician, starts_at, ends_at).await? {
                form.wrong("technician", conflict.name(), detail(&conflict));
            }
        }
    }
    let (starts_at, ends_at) = match span {
        Ok((starts_at, ends_at)) => (Some(starts_at), Some(ends_at)),
        Err(wrong) => {
            form.0.extend(wrong);
            (None, None)
        }
    };
    form.finish()?;
    if target.needs_mapping || target.customer_id.is_none() {
        return Err(CoreError::field(
            "technician",
            "needs_mapping",
            "The customer of this target is not resolved; it cannot be planned.",
        ));
    }
    let (Some(technician), Some(starts_at), Some(ends_at)) = (technician, starts_at, ends_at) else {
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let visit = Visit {
        technician,
        starts_at,
        ends_at,
        zone: &zone_name,
        shared: input.shared,
    };
    fix(core, &mut tx, &target, &visit).await?;
    finish(core, tx).await
}

/// A visit to fix.
pub(crate) struct Visit<'a> {
    pub technician: StaffId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub zone: &'a str,
    pub shared: bool,
}

/// Fixes a visit in a transaction that holds the target, or moves the one that is there.
pub(crate) async fn fix<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    target: &TargetView,
    visit: &Visit<'_>,
) -> CoreResult<()> {
    let Visit {
        technician,
        starts_at,
        ends_at,
        zone,
        shared,
    } = *visit;
    let id = target.id.0;
    // The customer's timeline tells only of appointments that the customer sees.
    let appointments = tx.appointments_of(id).await?;
    let was_shared = appointments
        .iter()
        .any(|one| one.status == AppointmentStatus::Planned && one.is_shared);
    let moved = match target.status {
        TargetStatus::Scheduled | TargetStatus::Dispatched => true,
        other => {
            other.step(TargetStatus::Scheduled)?;
            false
        }
    };
    if moved {
        if !tx.end_planned_appointment(id, AppointmentStatus::Moved).await? {
            return Err(CoreError::new(
                Problem::ConcurrentModification,
                "Somebody else planned this target at the same time.",
            ));
        }
    } else if !tx.set_target_status(id, target.status, TargetStatus::Scheduled).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else planned this target at the same time.",
        ));
    }
    let appointment: AppointmentId = tx.new_id();
    tx.insert_appointment(&crate::scheduling::store::appointments::NewAppointment {
        id: appointment,
        target: id,
        technician,
        is_shared: shared,
        starts_at,
        ends_at,
        zone,
    })
    .await?;
    let place = |kind| NewEntry {
        kind,
        customer: target.customer_id.map(|key| key.0),
        location: target.location_id.map(|key| key.0),
        target: Some(id),
        request: target.request_id.map(|key| key.0),
    };
    tx.note(place(match (shared, was_shared) {
        (true, true) => "appointment_moved",
        (true, false) => "appointment_scheduled",
        (false, true) => "appointment_cancelled",
        (false, false) => "target_planned_internally",
    }))
    .await?;
    tx.audit(
        if moved {
            "appointment.moved"
        } else {
            "appointment.scheduled"
        },
        id,
        json!({ "technician": technician, "startsAt": starts_at, "endsAt": ends_at }),
    );
    let window = json!({ "id": appointment, "start": starts_at, "end": ends_at, "zone": zone });
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind: EventType::TargetScheduled,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: target.customer_id.map(|key| key.0),
        location: target.location_id.map(|key| key.0),
        contact: None,
        details: json!({ "status": TargetStatus::Scheduled.name(), "appointment": window }),
    });
    let planned = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    crate::follow_ups::planned(tx, &planned, appointment, &window).await?;
    if let Some(request) = tx.request_of_target(id).await?
        && request.status == RequestStatus::Accepted
    {
        crate::requests::move_on(tx, &request, RequestStatus::Planned, None).await?;
    }
    let occasion = match (shared, was_shared) {
        (true, true) => Some(Occasion::at(
            MailKind::AppointmentMoved,
            vec![(starts_at, ends_at)],
            zone,
        )),
        (true, false) => Some(Occasion::at(
            MailKind::AppointmentFixed,
            vec![(starts_at, ends_at)],
            zone,
        )),
        (false, true) => Some(Occasion::plain(MailKind::AppointmentCancelled)),
        (false, false) => None,
    };
    if let Some(occasion) = occasion {
        notifications::about_target(core, tx, id, occasion).await?;
    }
    tx.withdraw_offer(id).await?;
    Ok(())
}

/// A window ends after it starts, and is not absurdly long.
pub(crate) fn check_length(form: &mut Form, field: &str, starts_at: DateTime<Utc>, ends_at: DateTime<Utc>) {
    if ends_at <= starts_at {
        form.wrong(field, "end_before_start", "The end must be after the start.");
    } else if ends_at - starts_at > TimeDelta::hours(LONGEST_WINDOW) {
        form.wrong(
            field,
            "window_too_long",
            format!("A window may have {LONGEST_WINDOW} hours."),
        );
    }
}

pub(crate) fn read_time(form: &mut Form, name: &str, text: &str) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
    if time.is_none() {
        form.wrong(name, "invalid_time", "A time such as 09:30 is required.");
    }
    time
}

/// A local time as a moment. In the hour that the clock skips in spring there is none; of the two in autumn the first
/// counts.
pub(crate) fn read_moment(
    form: &mut Form,
    name: &str,
    zone: Tz,
    date: NaiveDate,
    time: NaiveTime,
) -> Option<DateTime<Utc>> {
    match zone.from_local_datetime(&date.and_time(time)) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment.with_timezone(&Utc)),
        LocalResult::None => {
            form.wrong(
                name,
                "time_does_not_exist",
                "The clock changes on that day and skips this time.",
            );
            None
        }
    }
}

/// Opens a target again whose visit was not completed, so that it waits for another appointment.
///
/// # Errors
/// `not_found`; `illegal_transition` from any other state.
pub async fn reopen(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let to = target.status.step(TargetStatus::Open)?;
    if !tx.set_target_status(id, target.status, to).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else changed this at the same time.",
        ));
    }
    tx.note(NewEntry {
        kind: "target_reopened",
        customer: target.customer_id.map(|key| key.0),
        location: target.location_id.map(|key| key.0),
        target: Some(id),
        request: None,
    })
    .await?;
    tx.audit("target.reopened", id, json!({}));
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind: EventType::TargetUpdated,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: target.customer_id.map(|key| key.0),
        location: target.location_id.map(|key| key.0),
        contact: target.contact_id.map(|key| key.0),
        details: json!({ "status": to.name() }),
    });
    finish(core, tx).await
}
