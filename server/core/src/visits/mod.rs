//! The technician's day: on my way, arrived, done or not, and the report; from a page, and from a phone that was without a
//! network.

pub mod client_results;
pub mod entries;
pub mod model;
pub mod report;
pub mod report_review;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub mod sync_conflicts;
pub(crate) use self::store::reports::FileRow;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Utc};
use domain::day_entries::{self, DayStep, Fit, Misfit, SeenAppointment, VisitNow};
use domain::events::EventType;
use domain::ids::TargetId;
use domain::lifecycle::Lifecycle as _;
use domain::permissions::PerformVisits;
use domain::problems::Problem;
use domain::targets::{AppointmentStatus, TargetStatus};
use domain::technicians::{self, WorkingWeek};
use serde_json::json;

use crate::audit::NewEntry;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::identity::actors::{Permit, Staff};
use crate::scheduling::TechnicianView;
use crate::scheduling::appointments::YEARS;
use crate::scheduling::board::zone_of;
use crate::visits::model::{AttachmentLine, DayStop, ReportText};
use crate::visits::report::Report;
use crate::{Core, CoreError, CoreResult};

/// A technician's day.
#[derive(Debug, Clone)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// The zone in which it is counted: the technician's own.
    pub zone: String,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// What is planned or done, in order.
    pub stops: Vec<DayStop>,
    /// The stops of any day whose report came back.
    pub returned: Vec<DayStop>,
    /// How many entries wait for a decision, over all days.
    pub waiting: i64,
}

/// The own stops of a date, or of today. A night shift belongs to the day on which it begins, in the technician's own zone.
///
/// # Errors
/// The database does not answer.
pub async fn day(core: &Core, by: Permit<'_, PerformVisits>, date: Option<NaiveDate>) -> CoreResult<Day> {
    let mut tx = core.store.read(by.staff()).await?;
    let own = tx.technician(by.staff().id()).await?;
    let week = own
        .as_ref()
        .and_then(|own| own.week.clone())
        .map_or_else(WorkingWeek::default, |week| week.0);
    let zone = own_zone(by.staff(), own);
    let counted = zone_of(&zone);
    // Days with which nothing can be counted are today.
    let date = date
        .filter(|date| YEARS.contains(&date.year()))
        .unwrap_or_else(|| week.day_of(core.clock.now(), &counted));
    let (from, until) = week.span(date, &counted).ok_or_else(CoreError::not_found)?;
    Ok(Day {
        date,
        until,
        stops: tx.own_stops(from, until).await?,
        returned: tx.own_returned_stops().await?,
        waiting: tx.count_own_waiting_entries().await?,
        zone,
    })
}

/// The zone in which somebody's days are counted.
fn own_zone(staff: &Staff, own: Option<TechnicianView>) -> String {
    own.map_or_else(|| staff.zone().to_owned(), |own| own.zone)
}

/// Today in the tenant's zone.
pub fn today(core: &Core, staff: &Staff) -> NaiveDate {
    core.clock.now().with_timezone(&zone_of(staff.zone())).date_naive()
}

/// The first moment of a date and of the date after, in a zone.
pub(crate) fn day_bounds(zone: &str, date: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone = zone_of(zone);
    let midnight = |date: NaiveDate| {
        technicians::local_moment(date, 0, &zone).unwrap_or_else(|| date.and_time(NaiveTime::MIN).and_utc())
    };
    (
        midnight(date),
        midnight(date.checked_add_days(Days::new(1)).unwrap_or(date)),
    )
}

/// One of the own stops.
pub struct OwnStop {
    /// The stop.
    pub stop: DayStop,
    /// The zone in which its technician counts the day.
    pub zone: String,
    /// Whether the report of an earlier visit of the same job came back.
    pub has_returned: bool,
}

/// One of the own stops: the latest of its job, or the one whose report came back.
///
/// # Errors
/// `not_found`.
pub async fn stop(core: &Core, by: Permit<'_, PerformVisits>, id: TargetId, returned: bool) -> CoreResult<OwnStop> {
    let mut tx = core.store.read(by.staff()).await?;
    let latest = tx.own_stop(id).await?.ok_or_else(CoreError::not_found)?;
    let back = tx.own_returned_stop(id).await?;
    let zone = own_zone(by.staff(), tx.technician(by.staff().id()).await?);
    let is_other = back
        .as_ref()
        .is_some_and(|back| back.appointment_id != latest.appointment_id);
    let stop = back.filter(|_| returned).unwrap_or(latest);
    Ok(OwnStop {
        has_returned: is_other && !stop.is_returned(),
        stop,
        zone,
    })
}

/// The own visit that a step is about: the latest of its job, but a report may correct an earlier one that came back, which
/// the appointment that was on the screen tells.
async fn stop_of(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    step: DayStep,
    seen: Option<SeenAppointment>,
) -> CoreResult<Option<DayStop>> {
    if let Some(seen) = seen.filter(|_| step == DayStep::Report)
        && let Some(back) = tx.own_returned_stop(id).await?
        && seen.is_same(back.appointment())
    {
        return Ok(Some(back));
    }
    Ok(tx.own_stop(id).await?)
}

/// What one has written in the report of a stop, and the files that are kept with it.
///
/// # Errors
/// The database does not answer.
pub async fn own_report(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    stop: &DayStop,
) -> CoreResult<Option<(ReportText, Vec<AttachmentLine>)>> {
    let Some(id) = stop.report_id else { return Ok(None) };
    let mut tx = core.store.read(by.staff()).await?;
    let Some(text) = tx.own_report_text(id.0).await? else {
        return Ok(None);
    };
    Ok(Some((text, tx.attachments_of(id.0).await?)))
}

/// "On my way". A scheduled target is dispatched on the way, since the technician has evidently got it.
///
/// # Errors
/// `not_found`, `illegal_transition`; `concurrent_modification` if another time was agreed than the one that was seen.
pub async fn set_out(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
) -> CoreResult<()> {
    step(core, by, id, seen, &Step::SetOut).await
}

/// "Arrived".
///
/// # Errors
/// As [`set_out`].
pub async fn arrive(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
) -> CoreResult<()> {
    step(core, by, id, seen, &Step::Arrive).await
}

async fn step(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
    step: &Step<'_>,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id, step.kind(), seen)
        .await?
        .ok_or_else(CoreError::not_found)?;
    match fit(&stop, step, seen, None) {
        Ok(Fit::Already) => return Ok(()),
        Ok(Fit::Now) => {}
        Err(misfit) => return Err(refusal(&stop, step, misfit)),
    }
    perform(&mut tx, &stop, step, None).await?;
    finish(core, tx).await
}

/// A step of a visit with everything that it writes.
pub(crate) enum Step<'a> {
    SetOut,
    Arrive,
    Report(&'a Report),
}

impl Step<'_> {
    const fn kind(&self) -> DayStep {
        match self {
            Self::SetOut => DayStep::SetOut,
            Self::Arrive => DayStep::Arrive,
            Self::Report(_) => DayStep::Report,
        }
    }

    /// Where it leads.
    const fn end(&self) -> TargetStatus {
        match self {
            Self::SetOut => TargetStatus::EnRoute,
            Self::Arrive => TargetStatus::OnSite,
            Self::Report(report) => report.end(),
        }
    }
}

/// Whether a step fits what is known of a visit now.
fn fit(
    stop: &DayStop,
    step: &Step<'_>,
    seen: Option<SeenAppointment>,
    noted_at: Option<DateTime<Utc>>,
) -> Result<Fit, Misfit> {
    let visit = VisitNow {
        status: stop.status,
        is_planned: stop.appointment_status == AppointmentStatus::Planned,
        returned_at: stop.returned_at(),
        appointment: stop.appointment(),
    };
    day_entries::fit(&visit, step.kind(), step.end(), seen, noted_at)
}

/// What somebody is told who stands before the page.
fn refusal(stop: &DayStop, step: &Step<'_>, misfit: Misfit) -> CoreError {
    match stop.status.step(step.end()) {
        Err(illegal) if misfit != Misfit::Moved => illegal.into(),
        _ => CoreError::new(
            Problem::ConcurrentModification,
            "Another time was agreed meanwhile; look at it again.",
        ),
    }
}

/// Takes a step that fits, at the moment at which it was noted.
async fn perform(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    step: &Step<'_>,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let id = stop.target_id.0;
    match step {
        Step::SetOut => {
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
        Step::Report(report) => report::hand_in(tx, stop, report, noted_at).await.map(drop),
    }
}

/// One of the own visits, held until the end of the transaction; none if it is not one (any more).
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
    if !tx.set_target_status(stop.target_id.0, from, to).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "This job was changed at the same time.",
        ));
    }
    tx.audit(
        "target.status_changed",
        stop.target_id,
        json!({ "from": from.name(), "to": to.name(), "notedAt": noted_at }),
    );
    note(
        tx,
        stop.target_id.0,
        match to {
            TargetStatus::EnRoute => "target_en_route",
            TargetStatus::OnSite => "target_on_site",
            TargetStatus::Completed => "target_completed",
            TargetStatus::NotCompleted => "target_not_completed",
            _ => "target_dispatched",
        },
        noted_at,
    )
    .await
}

/// Writes a line of the history, at the moment at which it happened.
async fn note(
    tx: &mut TenantTx<'_, Staff>,
    id: TargetId,
    kind: &'static str,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    let entry = NewEntry {
        kind,
        customer: record.customer_id.map(|key| key.0),
        location: record.location_id.map(|key| key.0),
        target: Some(id),
        request: None,
    };
    match noted_at {
        Some(at) => tx.note_at(entry, at).await?,
        None => tx.note(entry).await?,
    }
    Ok(())
}

async fn emit(tx: &mut TenantTx<'_, Staff>, kind: EventType, id: TargetId, status: TargetStatus) -> CoreResult<()> {
    let record = tx.target_record(id).await?.ok_or_else(CoreError::not_found)?;
    tx.emit(NewEvent {
        endpoint: None,
        source: None,
        kind,
        ordering_key: id.to_string(),
        target: Some(id),
        customer: record.customer_id.map(|key| key.0),
        location: record.location_id.map(|key| key.0),
        contact: record.contact_id.map(|key| key.0),
        details: json!({ "status": status.name() }),
    });
    Ok(())
}
