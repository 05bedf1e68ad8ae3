//! The technician's day: starting travel, arriving, and the visit report, submitted online or from an offline queue.

pub mod changes;
pub mod client_results;
pub mod entries;
pub mod filing;
pub mod model;
pub mod notices;
mod pages;
pub mod report;
mod report_actions;
pub mod report_review;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod sync_conflicts;
pub use self::pages::{Day, OwnStop, day, is_visible_to_customer, request_file, sheet, stop};
pub(crate) use self::store::reports::FileRow;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::identity::permissions::{PerformVisits, PlanTargets};
use domain::ids::TargetId;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::{Cause, Record};
use domain::scheduling::technicians;
use domain::visits::day_entries::{self, ConflictReason, DayStep, SeenAppointment, StepCheck, VisitState};
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::scheduling::board::parse_zone;
use crate::visits::model::DayStop;
use crate::visits::report::Report;
pub use crate::visits::store::under_way::VisitUnderWay;
use crate::{Core, CoreError, CoreResult};

/// Returns today's date in the tenant's zone.
pub fn today(core: &Core, staff: &Staff) -> NaiveDate {
    core.clock.now().with_timezone(&parse_zone(staff.zone())).date_naive()
}

/// Returns the start of a date and of the next date in a zone.
pub(crate) fn day_bounds(zone: &str, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone = parse_zone(zone);
    let midnight = |date: NaiveDate| {
        technicians::local_moment(date, 0, &zone).unwrap_or_else(|| date.and_time(NaiveTime::MIN).and_utc())
    };
    (
        midnight(date),
        midnight(date.checked_add_days(Days::new(1)).unwrap_or(date)),
    )
}

/// Finds the stop that a step refers to: the latest one of the job, unless the step is a report and the appointment
/// shown in the form is an earlier one whose report was returned.
async fn stop_of(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    step: DayStep,
    seen: Option<SeenAppointment>,
) -> CoreResult<Option<DayStop>> {
    if let Some(seen) = seen.filter(|_| step == DayStep::Report)
        && let Some(returned) = tx.own_returned_stop(id).await?
        && seen.is_same(returned.appointment())
    {
        return Ok(Some(returned));
    }
    Ok(tx.own_stop(id).await?)
}

/// Starts travel to a visit. A scheduled target passes through `dispatched`.
///
/// # Errors
/// `illegal_transition`, also while the technician has another visit under way; `concurrent_modification` if the appointment
/// is not the one shown in the form.
pub async fn start_travel(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
) -> CoreResult<()> {
    step(core, by, id, seen, &Step::StartTravel).await
}

/// Starts travel in the sandbox, where one technician stands for many.
///
/// # Errors
/// As [`start_travel`], but for other visits.
pub(crate) async fn start_sandbox_travel(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    apply(&mut tx, id, None, &Step::StartTravel, Others::Allowed).await?;
    finish(core, tx).await
}

/// Records the arrival on site.
///
/// # Errors
/// As [`start_travel`].
pub async fn arrive(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
) -> CoreResult<()> {
    step(core, by, id, seen, &Step::Arrive).await
}

/// How long a technician can revert that travel has started. Dispatch can at any time.
pub const REVERT_WINDOW: TimeDelta = TimeDelta::minutes(2);

/// Takes back that the signed-in technician has started travel, pressed at the wrong visit. Pressing again has no effect.
///
/// # Errors
/// `not_found`; `illegal_transition` unless travel has just started.
pub async fn revert_travel(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id, DayStep::StartTravel, None)
        .await?
        .ok_or_else(CoreError::not_found)?;
    if stop.status == TargetStatus::Dispatched {
        return Ok(());
    }
    if stop.status == TargetStatus::EnRoute && !stop.is_travel_revertible(core.clock.now()) {
        return Err(CoreError::new(Cause::TravelNotRevertible));
    }
    revert(&mut tx, id, stop.status).await?;
    finish(core, tx).await
}

/// Takes back that a technician has started travel, on behalf of dispatch.
///
/// # Errors
/// `not_found`; `illegal_transition` unless the technician is on the way.
pub async fn revert_travel_of_technician(core: &Core, by: Permit<'_, PlanTargets>, id: TargetId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(id).await?;
    let target = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    revert(&mut tx, id, target.status).await?;
    finish(core, tx).await
}

async fn revert(tx: &mut TenantTx<'_, Staff>, id: TargetId, from: TargetStatus) -> CoreResult<()> {
    // Other steps lead to this state too, but they are no return.
    if from != TargetStatus::EnRoute {
        return Err(from
            .step(TargetStatus::EnRoute)
            .err()
            .map_or_else(|| CoreError::conflict(Record::Job), CoreError::from));
    }
    let to = from.step(TargetStatus::Dispatched)?;
    if !tx.set_target_status(id, from, to).await? {
        return Err(CoreError::conflict(Record::Job));
    }
    tx.audit(
        "target.status_changed",
        id,
        json!({ "from": from.name(), "to": to.name(), "reverted": true }),
    );
    note(tx, id, TimelineKind::TargetEnRouteReverted, None).await?;
    emit(tx, EventType::TargetEnRouteReverted, id, to).await
}

async fn step(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
    step: &Step<'_>,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    apply(&mut tx, id, seen, step, Others::Refused).await?;
    finish(core, tx).await
}

async fn apply(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    seen: Option<SeenAppointment>,
    step: &Step<'_>,
    others: Others,
) -> CoreResult<()> {
    let stop = own_stop(tx, id, step.kind(), seen)
        .await?
        .ok_or_else(CoreError::not_found)?;
    match fit(&stop, step, seen, None) {
        Ok(StepCheck::AlreadyApplied) => return Ok(()),
        Ok(StepCheck::Applicable) => {}
        Err(reason) => return Err(refusal(&stop, step, reason)),
    }
    if others == Others::Refused
        && let Some(other) = other_under_way(tx, id, step.kind()).await?
    {
        return Err(other.refusal());
    }
    perform(tx, &stop, step, None).await
}

/// Whether a visit may start beside others of the same technician.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Allowed,
    Refused,
}

impl VisitUnderWay {
    /// Returns the error for starting travel to another visit.
    fn refusal(&self) -> CoreError {
        CoreError::new(Cause::AnotherVisitUnderWay { number: self.number })
    }
}

/// Returns the visit that keeps the signed-in technician from starting travel to another one. The caller has locked the job:
/// all steps take the two locks in this order.
async fn other_under_way(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    step: DayStep,
) -> CoreResult<Option<VisitUnderWay>> {
    if step != DayStep::StartTravel {
        return Ok(None);
    }
    tx.lock_own_visits().await?;
    let found = tx.own_visits_under_way().await?;
    // A repeated step has no effect.
    if found.iter().any(|visit| visit.target_id == id) {
        return Ok(None);
    }
    Ok(found.into_iter().next())
}

/// A step of a visit with the data that it stores.
pub(crate) enum Step<'a> {
    StartTravel,
    Arrive,
    Report(&'a Report),
}

impl Step<'_> {
    const fn kind(&self) -> DayStep {
        match self {
            Self::StartTravel => DayStep::StartTravel,
            Self::Arrive => DayStep::Arrive,
            Self::Report(_) => DayStep::Report,
        }
    }

    /// Returns the status of the target after the step.
    const fn end(&self) -> TargetStatus {
        match self {
            Self::StartTravel => TargetStatus::EnRoute,
            Self::Arrive => TargetStatus::OnSite,
            Self::Report(report) => report.end(),
        }
    }
}

/// Checks whether a step is still possible in the current state of a visit.
fn fit(
    stop: &DayStop,
    step: &Step<'_>,
    seen: Option<SeenAppointment>,
    noted_at: Option<DateTime<Utc>>,
) -> Result<StepCheck, ConflictReason> {
    let visit = VisitState {
        status: stop.status,
        is_planned: stop.appointment_status == AppointmentStatus::Planned,
        returned_at: stop.returned_at(),
        appointment: stop.appointment(),
    };
    day_entries::check_step(&visit, step.kind(), step.end(), seen, noted_at)
}

/// Returns the error for a step that was submitted online and is not possible.
fn refusal(stop: &DayStop, step: &Step<'_>, reason: ConflictReason) -> CoreError {
    match stop.status.step(step.end()) {
        Err(illegal) if reason != ConflictReason::Moved => illegal.into(),
        _ => CoreError::new(Cause::AppointmentRescheduled),
    }
}

/// Performs a step that was checked with [`fit`]; `noted_at` is the time at which an offline step was recorded.
async fn perform(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    step: &Step<'_>,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let id = stop.target_id;
    match step {
        Step::StartTravel => {
            let mut status = stop.status;
            if status == TargetStatus::Scheduled {
                move_target(tx, stop, status, TargetStatus::Dispatched, noted_at).await?;
                status = TargetStatus::Dispatched;
            }
            move_target(tx, stop, status, TargetStatus::EnRoute, noted_at).await?;
            emit(tx, EventType::TargetEnRoute, id, TargetStatus::EnRoute).await
        }
        Step::Arrive => {
            move_target(tx, stop, stop.status, TargetStatus::OnSite, noted_at).await?;
            emit(tx, EventType::TargetUpdated, id, TargetStatus::OnSite).await
        }
        Step::Report(report) => report::store_report(tx, stop, report, noted_at).await.map(drop),
    }
}

/// Locks a target and finds the signed-in technician's stop; `None` if the visit is not theirs.
async fn own_stop(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    step: DayStep,
    seen: Option<SeenAppointment>,
) -> CoreResult<Option<DayStop>> {
    tx.lock_target(id).await?;
    stop_of(tx, id, step, seen).await
}

async fn move_target(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    from: TargetStatus,
    to: TargetStatus,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let to = from.step(to)?;
    if !tx.set_target_status(stop.target_id, from, to).await? {
        return Err(CoreError::conflict(Record::Job));
    }
    tx.audit(
        "target.status_changed",
        stop.target_id,
        json!({ "from": from.name(), "to": to.name(), "notedAt": noted_at }),
    );
    note(
        tx,
        stop.target_id,
        match to {
            TargetStatus::EnRoute => TimelineKind::TargetEnRoute,
            TargetStatus::OnSite => TimelineKind::TargetOnSite,
            TargetStatus::Completed => TimelineKind::TargetCompleted,
            TargetStatus::NotCompleted => TimelineKind::TargetNotCompleted,
            _ => TimelineKind::TargetDispatched,
        },
        noted_at,
    )
    .await
}

/// Adds a timeline entry at the time of the step.
async fn note(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    kind: TimelineKind,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let entry = NewTimelineEntry::for_target(kind, id)
        .with_customer(record.customer_id)
        .with_location(record.location_id);
    match noted_at {
        Some(at) => tx.add_timeline_entry_at(entry, at).await?,
        None => tx.add_timeline_entry(entry).await?,
    }
    Ok(())
}

async fn emit(tx: &mut TenantTx<'_, Staff>, kind: EventType, id: TargetId, status: TargetStatus) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    tx.emit(
        NewEvent::for_target(kind, id)
            .with_customer(record.customer_id)
            .with_location(record.location_id)
            .with_contact(record.contact_id)
            .with_details(json!({ "status": status.name() })),
    );
    Ok(())
}
