//! Previews scheduling or rescheduling a job: its conflicts, and who is affected.

use chrono::{DateTime, TimeDelta, Utc};
use domain::customers::Coordinates;
use domain::fields::FieldError;
use domain::identity::permissions::PlanTargets;
use domain::ids::{StaffId, TargetId};
use domain::jobs::targets::AppointmentStatus;
use domain::scheduling::conflicts::{BookedSlot, Conflict};
use domain::scheduling::travel::TravelTimes;

use crate::db::TenantTx;
use crate::identity::actors::{Administrator, Permit, Staff};
use crate::jobs::model::TargetView;
use crate::notifications::reach::{self, Reach, SourceReach};
use crate::portal_access::view_as::Viewer;
use crate::scheduling::appointments;
use crate::scheduling::appointments::ScheduleForm;
use crate::scheduling::board::{ROUTING_TIMEOUT, booked_slot, conflicts_of_visit};
use crate::scheduling::model::{AppointmentSummary, TechnicianChoice};
use crate::scheduling::store::board::BoardJob;
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
use crate::{Core, CoreError, CoreResult};

/// How far before and after a visit other visits of the technician are checked for conflicts.
const CONFLICT_HORIZON: TimeDelta = TimeDelta::hours(24);

/// Returns the conflicts of a visit, within the transaction that schedules it.
pub(crate) async fn load_conflicts<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    job: &BoardJob,
    technician: StaffId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> CoreResult<Vec<Conflict>> {
    // A write transaction never waits for the routing service: cached travel times are enough, and the preview has
    // requested them.
    let context = load_context(tx, job, technician, from, until).await?;
    let travel = core.travel_times.cached(&[context.places(job)], core.clock.now());
    Ok(context.conflicts(&travel.travel_times, job, (from, until), core.clock.now()))
}

/// A technician with the absences and other visits near a proposed visit.
struct ScheduleContext {
    technician: TechnicianView,
    absences: Vec<AbsenceView>,
    other_visits: Vec<BookedSlot>,
    /// Numbers of the jobs to whose requesters this time is offered.
    offered: Vec<i64>,
}

impl ScheduleContext {
    fn conflicts(
        &self,
        travel_times: &TravelTimes,
        job: &BoardJob,
        span: (DateTime<Utc>, DateTime<Utc>),
        now: DateTime<Utc>,
    ) -> Vec<Conflict> {
        let mut conflicts = conflicts_of_visit(
            travel_times,
            &self.technician,
            &self.absences,
            job,
            span,
            &self.other_visits,
            Some(now),
        );
        conflicts.extend(self.offered.iter().map(|number| Conflict::Offered { number: *number }));
        conflicts
    }

    /// Returns the places between which travel times are needed.
    fn places(&self, job: &BoardJob) -> Vec<Coordinates> {
        let others = self.other_visits.iter().filter_map(|other| other.place);
        others.chain(job.point()).collect()
    }
}

/// Loads what a technician has planned near a time, except for the job itself.
async fn load_context<A: Administrator>(
    tx: &mut TenantTx<'_, A>,
    job: &BoardJob,
    technician: StaffId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> CoreResult<ScheduleContext> {
    let id = technician;
    let technician = tx.technician(id).await?.ok_or_else(CoreError::not_found)?;
    let day = (from - CONFLICT_HORIZON).date_naive();
    let absences = tx.absences_of(id, day).await?;
    let other_visits: Vec<BookedSlot> = tx
        .planned_visits_of(id, from - CONFLICT_HORIZON, until + CONFLICT_HORIZON)
        .await?
        .iter()
        .filter(|visit| visit.job.target_id != job.target_id)
        .map(booked_slot)
        .collect();
    Ok(ScheduleContext {
        technician,
        absences,
        other_visits,
        offered: tx.offered_targets(id, job.target_id.0, from, until).await?,
    })
}

/// The effects of scheduling a job.
#[derive(Debug, Clone)]
pub struct Preview {
    pub target: TargetView,
    pub job: BoardJob,
    /// The planned appointment, if there is one.
    pub current: Option<AppointmentSummary>,
    /// All technicians that can be chosen.
    pub technicians: Vec<TechnicianChoice>,
    /// The proposed visit; `None` while the form is incomplete or invalid.
    pub plan: Option<Planned>,
    /// What is wrong with the times of the proposed visit.
    pub errors: Vec<FieldError>,
    /// The customer's portal users who see the appointment once it is shared.
    pub viewers: Vec<Viewer>,
    /// How the requester is told if the appointment is shared; `None` without a requester.
    pub reach: Option<Reach>,
    /// The source system that reads the status of the job.
    pub source: Option<SourceReach>,
}

impl Preview {
    /// Returns the time window that was requested for the job.
    pub fn requested_window(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        self.target.window_start.zip(self.target.window_end)
    }
}

/// A proposed visit with its conflicts.
#[derive(Debug, Clone)]
pub struct Planned {
    pub technician: TechnicianChoice,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub conflicts: Vec<Conflict>,
    /// Number of the previous job, and the travel time from it.
    pub before: Option<(i64, TimeDelta)>,
    /// Number of the next job, and the travel time to it.
    pub after: Option<(i64, TimeDelta)>,
    /// Whether the routing service is configured but some travel times are estimates.
    pub is_estimated: bool,
}

/// A visit that is proposed for a job.
#[derive(Debug, Clone)]
pub struct Proposal {
    pub form: ScheduleForm,
    /// Whether a time was chosen; otherwise the form only has defaults and nothing is planned.
    pub is_chosen: bool,
}

/// Previews a visit without scheduling it. `propose` completes the visit that was asked for with the job's appointment.
///
/// # Errors
/// `not_found`.
pub async fn page(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    propose: impl FnOnce(&Preview) -> Proposal + Send,
) -> CoreResult<(Preview, Proposal)> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut preview = load(core, &mut tx, id).await?;
    let proposal = propose(&preview);
    let visit = if proposal.is_chosen {
        let zone = preview.target.location_zone.as_deref().unwrap_or(tx.staff().zone());
        let span = appointments::parse_span(&proposal.form, zone);
        preview.errors = span.err().unwrap_or_default();
        load_visit(&mut tx, &preview, &proposal.form).await?
    } else {
        None
    };
    drop(tx);
    if let Some(visit) = visit {
        preview.plan = Some(plan(core, &preview.job, visit).await);
    }
    Ok((preview, proposal))
}

/// Loads a job without a proposed visit.
async fn load(core: &Core, tx: &mut TenantTx<'_, Staff>, id: TargetId) -> CoreResult<Preview> {
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let job = tx.board_job(id).await?.ok_or_else(CoreError::not_found)?;
    let current = tx
        .appointments_of(id)
        .await?
        .into_iter()
        .find(|appointment| appointment.status == AppointmentStatus::Planned);
    let origin = tx.origin_of_target(id).await?;
    let reach = match origin.filter(|(_, channel)| channel.notifies_requester()) {
        Some((request, channel)) => reach::of_request(core, tx, request, channel).await?,
        None => None,
    };
    let source = match &target.source_key {
        Some(key) => Some(reach::of_source(tx, key).await?),
        None => None,
    };
    Ok(Preview {
        source,
        target,
        job,
        current,
        technicians: tx.technicians().await?,
        plan: None,
        errors: Vec::new(),
        viewers: tx.viewers_of_job(id).await?,
        reach,
    })
}

/// A visit with what it may conflict with.
struct VisitInContext {
    technician: TechnicianChoice,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    context: ScheduleContext,
}

/// Loads what a visit may conflict with; `None` if the form is incomplete or invalid.
async fn load_visit(
    tx: &mut TenantTx<'_, Staff>,
    preview: &Preview,
    input: &ScheduleForm,
) -> CoreResult<Option<VisitInContext>> {
    let zone = preview.target.location_zone.as_deref().unwrap_or(tx.staff().zone());
    let technician = input.technician.parse::<StaffId>().ok();
    let technician = technician.and_then(|id| preview.technicians.iter().find(|choice| choice.id == id).cloned());
    let (Ok((starts_at, ends_at)), Some(technician)) = (appointments::parse_span(input, zone), technician) else {
        return Ok(None);
    };
    let context = load_context(tx, &preview.job, technician.id, starts_at, ends_at).await?;
    Ok(Some(VisitInContext {
        technician,
        starts_at,
        ends_at,
        context,
    }))
}

/// Computes the conflicts and travel times of a visit.
async fn plan(core: &Core, job: &BoardJob, visit: VisitInContext) -> Planned {
    let VisitInContext {
        technician,
        starts_at,
        ends_at,
        context,
    } = visit;
    let places = [context.places(job)];
    let travel = core
        .travel_times
        .fetch(&places, core.clock.now(), ROUTING_TIMEOUT)
        .await;
    let travel_time = |from: Option<Coordinates>, to: Option<Coordinates>| {
        from.zip(to).map(|(from, to)| travel.travel_times.time(from, to))
    };
    let here = job.point();
    let before = context.other_visits.iter().rev().find(|other| other.until <= starts_at);
    let after = context.other_visits.iter().find(|other| other.from >= ends_at);
    Planned {
        technician,
        starts_at,
        ends_at,
        conflicts: context.conflicts(&travel.travel_times, job, (starts_at, ends_at), core.clock.now()),
        before: before.and_then(|other| Some((other.number, travel_time(other.place, here)?))),
        after: after.and_then(|other| Some((other.number, travel_time(here, other.place)?))),
        is_estimated: travel.is_estimated,
    }
}
