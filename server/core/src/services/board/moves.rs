//! Before a job is planned or moved: what stands against it, and whom it affects.

use chrono::{DateTime, TimeDelta, Utc};
use domain::conflicts::{Busy, Conflict};
use domain::customers::Coordinates;
use domain::ids::{StaffId, TargetId};
use domain::permissions::PlanTargets;
use domain::requests::Channel;
use domain::targets::AppointmentStatus;

use super::{against, busy};
use crate::actors::{Administrator, Permit};
use crate::services::planning::{self, ScheduleForm};
use crate::services::portal_access::seen::Viewer;
use crate::store::TenantTx;
use crate::views::{AppointmentLine, BoardJob, TargetView, TechnicianChoice};
use crate::{Core, CoreError, CoreResult};

/// How far away another visit is that could still matter.
const NEAR: TimeDelta = TimeDelta::hours(24);

/// What stands against a visit, asked in the transaction that plans it.
pub(crate) async fn against_visit<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    job: &BoardJob,
    technician: StaffId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> CoreResult<Vec<Conflict>> {
    Ok(around(core, tx, job, technician, from, until).await?.0)
}

/// What stands against a visit, and what else the technician has around it.
async fn around<A: Administrator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    job: &BoardJob,
    technician: StaffId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> CoreResult<(Vec<Conflict>, Vec<Busy>)> {
    let who = tx.technician(technician).await?.ok_or_else(CoreError::not_found)?;
    let day = (from - NEAR).date_naive();
    let absences = tx.absences_of(technician, day).await?;
    let others: Vec<Busy> = tx
        .planned_of(technician, from - NEAR, until + NEAR)
        .await?
        .iter()
        .filter(|visit| visit.job.target_id != job.target_id)
        .map(busy)
        .collect();
    Ok((against(core, &who, &absences, job, (from, until), &others), others))
}

/// What a move would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The job.
    pub target: TargetView,
    /// As it is planned.
    pub job: BoardJob,
    /// Its appointment now.
    pub current: Option<AppointmentLine>,
    /// Everybody who can be sent.
    pub technicians: Vec<TechnicianChoice>,
    /// When it would begin and end, and what stands against it; `None` while the form is not filled in.
    pub plan: Option<Planned>,
    /// People of the customer who see the appointment, now or if it is shared.
    pub viewers: Vec<Viewer>,
    /// Whether whoever asked for the job is told by mail, if it is shared.
    pub mails: bool,
    /// The system that the job came from and that reads where it stands.
    pub source: Option<String>,
}

/// What a filled in form says.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Who goes.
    pub technician: TechnicianChoice,
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// When it ends.
    pub ends_at: DateTime<Utc>,
    /// What stands against it.
    pub conflicts: Vec<Conflict>,
    /// The number of the job before, and how long the way from there takes.
    pub before: Option<(i64, TimeDelta)>,
    /// The same of the job after.
    pub after: Option<(i64, TimeDelta)>,
}

/// What a move would do, without doing it. A form that is not filled in, or wrongly, is shown without a plan.
///
/// # Errors
/// `not_found`.
pub async fn preview(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: TargetId,
    input: &ScheduleForm,
) -> CoreResult<Preview> {
    let staff = by.staff();
    let mut tx = core.store.read(staff).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let job = tx.board_job(id).await?.ok_or_else(CoreError::not_found)?;
    let current = tx
        .appointments_of(id)
        .await?
        .into_iter()
        .find(|appointment| appointment.status == AppointmentStatus::Planned);
    let technicians = tx.technicians().await?;
    let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    let span = planning::read_span(input, &zone);
    let technician = input.technician.parse::<StaffId>().ok();
    let technician = technician.and_then(|id| technicians.iter().find(|one| one.id.0 == id).cloned());
    let plan = match (span, technician) {
        (Ok((starts_at, ends_at)), Some(technician)) => {
            let (found, others) = around(core, &mut tx, &job, technician.id.0, starts_at, ends_at).await?;
            let way = |from: Option<Coordinates>, to: Option<Coordinates>| {
                from.zip(to).map(|(from, to)| core.settings.paces.time(from, to))
            };
            let here = job.point();
            let before = others.iter().rev().find(|other| other.until <= starts_at);
            let after = others.iter().find(|other| other.from >= ends_at);
            Some(Planned {
                technician,
                starts_at,
                ends_at,
                conflicts: found,
                before: before.and_then(|other| Some((other.number, way(other.place, here)?))),
                after: after.and_then(|other| Some((other.number, way(here, other.place)?))),
            })
        }
        _ => None,
    };
    let viewers = tx.viewers_of_job(id).await?;
    let origin = tx.origin_of_target(id).await?;
    Ok(Preview {
        source: target.source_key.clone(),
        target,
        job,
        current,
        technicians,
        plan,
        viewers,
        mails: origin.is_some_and(|(_, channel)| channel != Channel::Api),
    })
}
