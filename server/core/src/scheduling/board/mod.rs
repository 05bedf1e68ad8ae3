//! The board: who does what when, what waits, and what stands against a plan.

pub mod moves;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::conflicts::{Around, Busy, Conflict, Wish, conflicts};
use domain::customers::Coordinates;
use domain::ids::StaffId;
use domain::permissions::ViewOperations;
use domain::targets::AppointmentStatus;
use domain::technicians::{AbsenceKind, ShiftOnDay};
use domain::travel::Ways;

use crate::identity::actors::Permit;
use crate::page::Page;
pub use crate::scheduling::store::board::PoolPlace;
use crate::scheduling::store::board::{BoardJob, BoardVisit};
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
use crate::visits::day_bounds;
use crate::{Core, CoreResult};

/// How many jobs of the pool are shown at once.
const POOL_PAGE: i64 = 40;
/// How long a board is at most: a day and a night shift after it.
const LONGEST: TimeDelta = TimeDelta::hours(36);

/// A visit on the board.
#[derive(Debug, Clone)]
pub struct Stop {
    /// The visit.
    pub visit: BoardVisit,
    /// How long the way from the stop before takes, or from where the day begins; `None` where a place is not known.
    pub travel: Option<TimeDelta>,
    /// What stands against it.
    pub conflicts: Vec<Conflict>,
}

/// A technician's line.
#[derive(Debug, Clone)]
pub struct Line {
    /// Who.
    pub technician: TechnicianView,
    /// The shift that begins on the day.
    pub shift: Option<ShiftOnDay>,
    /// Why they are away, if so.
    pub away: Option<AbsenceKind>,
    /// The visits, in their order.
    pub stops: Vec<Stop>,
    /// The way to all stops and back.
    pub travel: TimeDelta,
}

/// A day of everybody.
#[derive(Debug, Clone)]
pub struct Board {
    /// The day, in the organisation's zone.
    pub date: NaiveDate,
    /// The first hour that is shown.
    pub from: DateTime<Utc>,
    /// The last one.
    pub until: DateTime<Utc>,
    /// A line for each technician, by name.
    pub lines: Vec<Line>,
    /// The jobs that wait.
    pub pool: Page<BoardJob>,
    /// How far the organisation's history has come.
    pub mark: i64,
    /// Whether a road service should have told the ways and did not tell all of them.
    pub is_estimated: bool,
}

/// Where the next page of a pool begins.
pub fn pool_place(job: &BoardJob) -> PoolPlace {
    (i64::from(job.priority.rank()), job.created_at, job.target_id.0)
}

pub(crate) fn zone_of(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Why somebody is away on a day.
pub(crate) fn away_on(absences: &[AbsenceView], technician: StaffId, day: NaiveDate) -> Option<AbsenceKind> {
    let of_day = |absence: &&AbsenceView| {
        absence.staff_id.0 == technician && (absence.first_day..=absence.last_day).contains(&day)
    };
    absences.iter().find(of_day).map(|absence| absence.kind)
}

/// The shifts that begin on a day and on the days beside it, in the technician's own zone, with why they are not worked.
fn shifts_around(
    technician: &TechnicianView,
    absences: &[AbsenceView],
    moment: DateTime<Utc>,
) -> Option<Vec<(ShiftOnDay, Option<AbsenceKind>)>> {
    let week = &technician.week.as_ref()?.0;
    let zone = zone_of(&technician.zone);
    let day = moment.with_timezone(&zone).date_naive();
    let days = [day.pred_opt(), Some(day), day.succ_opt()];
    let shifts = days.into_iter().flatten().filter_map(|day| {
        let shift = week.on(day, &zone)?;
        Some((shift, away_on(absences, technician.id.0, day)))
    });
    Some(shifts.collect())
}

fn busy(visit: &BoardVisit) -> Busy {
    Busy {
        number: visit.job.number,
        from: visit.starts_at,
        until: visit.ends_at,
        work: TimeDelta::minutes(visit.job.duration_minutes),
        place: visit.job.point(),
    }
}

/// What stands against a visit of a job by a technician who has these visits besides.
fn against(
    ways: &Ways,
    technician: &TechnicianView,
    absences: &[AbsenceView],
    job: &BoardJob,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    others: &[Busy],
) -> Vec<Conflict> {
    let wish = Wish {
        from,
        until,
        work: TimeDelta::minutes(job.duration_minutes),
        place: job.point(),
        skills: &job.required_skills.0,
        window: job.window(),
    };
    let shifts = shifts_around(technician, absences, from);
    let day = from.with_timezone(&zone_of(&technician.zone)).date_naive();
    let around = Around {
        skills: &technician.skills.0,
        shifts: shifts.as_deref(),
        away: away_on(absences, technician.id.0, day),
        stops: others,
    };
    conflicts(&wish, &around, |from, to| ways.time(from, to))
}

/// Where a technician's day begins, and where it ends.
pub fn bases(technician: &TechnicianView) -> (Option<Coordinates>, Option<Coordinates>) {
    let point = |lat: Option<f64>, lon: Option<f64>| lat.zip(lon).map(|(lat, lon)| Coordinates { lat, lon });
    let start = point(technician.start_latitude, technician.start_longitude);
    let end = point(technician.end_latitude, technician.end_longitude);
    (start, end.or(start))
}

/// How long a page waits for the road service; what is not there by then is there the next time.
const PATIENCE: Duration = Duration::from_millis(400);

/// The places of each technician's line, between which the ways are shown.
fn places_of_lines(technicians: &[TechnicianView], visits: &[BoardVisit]) -> Vec<Vec<Coordinates>> {
    let mut places: HashMap<StaffId, Vec<Coordinates>> = HashMap::new();
    for visit in visits {
        places
            .entry(visit.technician_id.0)
            .or_default()
            .extend(visit.job.point());
    }
    technicians
        .iter()
        .filter_map(|technician| {
            let (start, end) = bases(technician);
            let own = places.remove(&technician.id.0)?;
            Some(own.into_iter().chain(start).chain(end).collect())
        })
        .collect()
}

/// Lines of a span for everybody who works or has something to do; `day` is whose shifts are shown.
fn lines(
    ways: &Ways,
    day: NaiveDate,
    technicians: Vec<TechnicianView>,
    absences: &[AbsenceView],
    visits: Vec<BoardVisit>,
) -> Vec<Line> {
    let mut of_each: HashMap<StaffId, Vec<BoardVisit>> = HashMap::new();
    for visit in visits {
        of_each.entry(visit.technician_id.0).or_default().push(visit);
    }
    technicians
        .into_iter()
        .filter_map(|technician| {
            let own = of_each.remove(&technician.id.0).unwrap_or_default();
            if technician.locked_at.is_some() && own.is_empty() {
                return None;
            }
            let week = technician.week.as_ref();
            let shift = week.and_then(|week| week.0.on(day, &zone_of(&technician.zone)));
            let away = away_on(absences, technician.id.0, day);
            let (start, end) = bases(&technician);
            let (mut at, mut travel) = (start, TimeDelta::zero());
            let all: Vec<Busy> = own
                .iter()
                .filter(|visit| visit.appointment_status == AppointmentStatus::Planned)
                .map(busy)
                .collect();
            let stops: Vec<Stop> = own
                .into_iter()
                .map(|visit| {
                    let here = visit.job.point();
                    let way = at.zip(here).map(|(from, to)| ways.time(from, to));
                    travel += way.unwrap_or_default();
                    at = here.or(at);
                    // What is done cannot be helped.
                    let found = if visit.appointment_status == AppointmentStatus::Planned {
                        let others: Vec<Busy> = all
                            .iter()
                            .filter(|other| other.number != visit.job.number)
                            .copied()
                            .collect();
                        let span = (visit.starts_at, visit.ends_at);
                        against(ways, &technician, absences, &visit.job, span, &others)
                    } else {
                        Vec::new()
                    };
                    Stop {
                        visit,
                        travel: way,
                        conflicts: found,
                    }
                })
                .collect();
            if !stops.is_empty() {
                travel += at.zip(end).map(|(from, to)| ways.time(from, to)).unwrap_or_default();
            }
            Some(Line {
                technician,
                shift,
                away,
                stops,
                travel,
            })
        })
        .collect()
}

/// From the beginning of the first day to the end of the night after the last one.
pub(crate) fn lines_span(zone: &str, days: &[NaiveDate]) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = days.first().copied().unwrap_or_default();
    let last = days.last().copied().unwrap_or(first);
    (
        day_bounds(zone, first).0,
        day_bounds(zone, last).1 + TimeDelta::hours(12),
    )
}

/// How far the organisation's history has come, for pages that listen for changes.
///
/// # Errors
/// The database does not answer.
pub async fn mark(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<i64> {
    Ok(core.store.read(by.staff()).await?.last_audit().await?)
}

/// A day of everybody, with a page of the jobs that wait.
///
/// # Errors
/// The database does not answer.
pub async fn day(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    date: NaiveDate,
    after: Option<PoolPlace>,
) -> CoreResult<Board> {
    let staff = by.staff();
    let (begin, end) = day_bounds(staff.zone(), date);
    let mut tx = core.store.read(staff).await?;
    let mark = tx.last_audit().await?;
    let technicians = tx.technicians_set_up().await?;
    let absences = tx.absences(date.pred_opt().unwrap_or(date)).await?;
    let visits = tx.visits_within(begin, begin + LONGEST).await?;
    let pool = Page::cut(tx.pool(after, POOL_PAGE + 1).await?, POOL_PAGE);
    drop(tx);
    // What begins after midnight is of this day only where somebody's shift of the day goes on.
    let night: HashMap<StaffId, DateTime<Utc>> = technicians
        .iter()
        .filter_map(|technician| {
            let shift = technician.week.as_ref()?.0.on(date, &zone_of(&technician.zone))?;
            Some((technician.id.0, shift.until))
        })
        .collect();
    let visits: Vec<BoardVisit> = visits
        .into_iter()
        .filter(|visit| {
            let last = night.get(&visit.technician_id.0).copied().unwrap_or(end);
            visit.starts_at < end || visit.starts_at < last
        })
        .collect();
    let places = places_of_lines(&technicians, &visits);
    let found = core.roads.ways(&places, core.clock.now(), PATIENCE).await;
    let lines = lines(&found.ways, date, technicians, &absences, visits);
    let (from, until) = shown(&lines, begin);
    Ok(Board {
        is_estimated: found.is_estimated,
        date,
        from,
        until,
        lines,
        pool,
        mark,
    })
}

/// The hours that a day's board shows: every shift and every visit, and at least from eight to five.
fn shown(lines: &[Line], begin: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let (mut from, mut until) = (begin + TimeDelta::hours(8), begin + TimeDelta::hours(17));
    for line in lines {
        let shift = line.shift.iter().map(|shift| (shift.from, shift.until));
        let stops = line.stops.iter().map(|stop| (stop.visit.starts_at, stop.visit.ends_at));
        for (first, last) in shift.chain(stops) {
            from = from.min(first);
            until = until.max(last);
        }
    }
    let hour = TimeDelta::hours(1);
    let whole = |moment: DateTime<Utc>| (moment - begin).num_seconds().div_euclid(3_600);
    let from = begin + hour * i32::try_from(whole(from)).unwrap_or_default().clamp(0, 24);
    let last = whole(until - TimeDelta::seconds(1)) + 1;
    (from, begin + hour * i32::try_from(last).unwrap_or(36).clamp(1, 36))
}

/// One day of a week's board.
#[derive(Debug, Clone)]
pub struct WeekDay {
    /// The day.
    pub date: NaiveDate,
    /// Everybody's lines, in the same order on each day.
    pub lines: Vec<Line>,
}

/// Seven days of everybody, from a Monday on.
///
/// # Errors
/// The database does not answer.
pub async fn week(core: &Core, by: Permit<'_, ViewOperations>, monday: NaiveDate) -> CoreResult<Vec<WeekDay>> {
    let staff = by.staff();
    let day = |index: u64| monday.checked_add_days(Days::new(index)).unwrap_or(monday);
    let (begin, end) = (day_bounds(staff.zone(), monday).0, day_bounds(staff.zone(), day(6)).1);
    let mut tx = core.store.read(staff).await?;
    let technicians = tx.technicians_set_up().await?;
    let absences = tx.absences(monday.pred_opt().unwrap_or(monday)).await?;
    let visits = tx.visits_within(begin, end).await?;
    drop(tx);
    // A week is an overview: it asks nobody, and shows what is known.
    let ways = core
        .roads
        .known(&places_of_lines(&technicians, &visits), core.clock.now())
        .ways;
    // Whoever has something on one of the days has a line on each.
    let at_work: Vec<TechnicianView> = technicians
        .into_iter()
        .filter(|technician| {
            technician.locked_at.is_none() || visits.iter().any(|visit| visit.technician_id.0 == technician.id.0)
        })
        .map(|mut technician| {
            technician.locked_at = None;
            technician
        })
        .collect();
    Ok((0..7)
        .map(|index| {
            let date = day(index);
            let (from, until) = day_bounds(staff.zone(), date);
            let of_day = visits
                .iter()
                .filter(|visit| (from..until).contains(&visit.starts_at))
                .cloned()
                .collect();
            WeekDay {
                date,
                lines: lines(&ways, date, at_work.clone(), &absences, of_day),
            }
        })
        .collect())
}
