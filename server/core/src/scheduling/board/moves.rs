//! Before a job is planned or moved: what stands against it, and whom it affects.

use chrono::{DateTime, TimeDelta, Utc};
use domain::conflicts::{Busy, Conflict};
use domain::customers::Coordinates;
use domain::ids::{StaffId, TargetId};
use domain::permissions::PlanTargets;
use domain::requests::Channel;
use domain::targets::AppointmentStatus;
use domain::travel::Ways;

use crate::db::TenantTx;
use crate::identity::actors::{Administrator, Permit};
use crate::jobs::model::TargetView;
use crate::portal_access::view_as::Viewer;
use crate::scheduling::appointments;
use crate::scheduling::appointments::ScheduleForm;
use crate::scheduling::board::{PATIENCE, against, busy};
use crate::scheduling::model::{AppointmentLine, TechnicianChoice};
use crate::scheduling::store::board::BoardJob;
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
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
    // A transaction that writes waits for nobody outside: what is known by now counts, and the page before has asked.
    let around = around(tx, job, technician, from, until).await?;
    let found = core.roads.known(&[around.places(job)], core.clock.now());
    Ok(around.against(&found.ways, job, (from, until)))
}

/// A technician and what they have around a time.
struct Surroundings {
    who: TechnicianView,
    absences: Vec<AbsenceView>,
    others: Vec<Busy>,
}

impl Surroundings {
    fn against(&self, ways: &Ways, job: &BoardJob, span: (DateTime<Utc>, DateTime<Utc>)) -> Vec<Conflict> {
        against(ways, &self.who, &self.absences, job, span, &self.others)
    }

    /// The places between which ways matter.
    fn places(&self, job: &BoardJob) -> Vec<Coordinates> {
        let others = self.others.iter().filter_map(|other| other.place);
        others.chain(job.point()).collect()
    }
}

/// What a technician has around a time, besides one job.
async fn around<A: Administrator>(
    tx: &mut TenantTx<'_, A>,
    job: &BoardJob,
    technician: StaffId,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> CoreResult<Surroundings> {
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
    Ok(Surroundings { who, absences, others })
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
    /// Whether a road service should have told the ways and did not tell all of them.
    pub is_estimated: bool,
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
    let span = appointments::read_span(input, &zone);
    let technician = input.technician.parse::<StaffId>().ok();
    let technician = technician.and_then(|id| technicians.iter().find(|one| one.id.0 == id).cloned());
    let viewers = tx.viewers_of_job(id).await?;
    let origin = tx.origin_of_target(id).await?;
    let wish = match (span, technician) {
        (Ok(span), Some(technician)) => {
            let around = around(&mut tx, &job, technician.id.0, span.0, span.1).await?;
            Some((span, technician, around))
        }
        _ => None,
    };
    drop(tx);
    let plan = match wish {
        Some(((starts_at, ends_at), technician, around)) => {
            let places = [around.places(&job)];
            let found = core.roads.ways(&places, core.clock.now(), PATIENCE).await;
            let way = |from: Option<Coordinates>, to: Option<Coordinates>| {
                from.zip(to).map(|(from, to)| found.ways.time(from, to))
            };
            let here = job.point();
            let before = around.others.iter().rev().find(|other| other.until <= starts_at);
            let after = around.others.iter().find(|other| other.from >= ends_at);
            Some(Planned {
                technician,
                starts_at,
                ends_at,
                conflicts: around.against(&found.ways, &job, (starts_at, ends_at)),
                before: before.and_then(|other| Some((other.number, way(other.place, here)?))),
                after: after.and_then(|other| Some((other.number, way(here, other.place)?))),
                is_estimated: found.is_estimated,
            })
        }
        None => None,
    };
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
