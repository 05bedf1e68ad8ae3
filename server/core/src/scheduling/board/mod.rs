//! The dispatch board: visits by technician and day, unscheduled jobs, and conflicts.

pub mod moves;

use std::collections::HashMap;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::customers::Coordinates;
use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::ids::StaffId;
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::scheduling::conflicts::{BookedSlot, Conflict, ProposedVisit, TechnicianSchedule, conflicts};
use domain::scheduling::technicians::{AbsenceKind, ShiftOnDay, is_unusual_time};
use domain::scheduling::travel::TravelTimes;

use crate::identity::actors::Permit;
use crate::page::Page;
pub use crate::scheduling::store::board::UnscheduledCursor;
use crate::scheduling::store::board::{BoardJob, BoardVisit};
use crate::scheduling::store::technicians::{AbsenceView, TechnicianView};
use crate::visits::notices::TechnicianNews;
use crate::visits::{day_bounds, notices};
use crate::{Core, CoreResult};

/// Unscheduled jobs per page.
const UNSCHEDULED_PAGE_SIZE: i64 = 40;
/// The longest span that a day's board covers: the day and a night shift after it.
const MAX_BOARD_SPAN: TimeDelta = TimeDelta::hours(36);

/// A visit on the board.
#[derive(Debug, Clone)]
pub struct Stop {
    pub visit: BoardVisit,
    /// Travel time from the previous stop or the start of the day; `None` if one of the places is unknown.
    pub travel: Option<TimeDelta>,
    pub conflicts: Vec<Conflict>,
    /// Whether the viewer can reschedule the visit.
    pub can_reschedule: bool,
}

/// A technician's row on the board.
#[derive(Debug, Clone)]
pub struct Line {
    pub technician: TechnicianView,
    /// The shift that starts on the day.
    pub shift: Option<ShiftOnDay>,
    /// The reason of an absence on the day.
    pub away: Option<AbsenceKind>,
    /// The visits in chronological order.
    pub stops: Vec<Stop>,
    /// Total travel time to all stops and back.
    pub travel: TimeDelta,
}

impl Line {
    /// Returns how much of the shift without its breaks is used by visits and travel, in percent; `None` without a shift or while
    /// the technician is absent.
    pub fn utilization(&self) -> Option<i64> {
        let shift = self.shift.as_ref().filter(|_| self.away.is_none())?;
        let breaks: TimeDelta = shift.rests.iter().map(|(_, _, length)| *length).sum();
        let available = (shift.until - shift.from - breaks).num_minutes();
        let visits: TimeDelta = self
            .stops
            .iter()
            .map(|stop| stop.visit.ends_at - stop.visit.starts_at)
            .sum();
        (available > 0).then(|| (visits + self.travel).num_minutes() * 100 / available)
    }
}

/// The board of one day.
#[derive(Debug, Clone)]
pub struct Board {
    /// The day, in the organization's zone.
    pub date: NaiveDate,
    /// Start of the visible hours.
    pub from: DateTime<Utc>,
    /// End of the visible hours.
    pub until: DateTime<Utc>,
    /// One line for each technician, sorted by name.
    pub lines: Vec<Line>,
    /// Unscheduled jobs.
    pub unscheduled_jobs: Page<BoardJob>,
    /// Sequence number of the latest audit entry, from which the page listens for changes.
    pub audit_sequence: i64,
    /// Whether the routing service is configured but some travel times are estimates.
    pub is_estimated: bool,
    /// What technicians have sent to dispatch.
    pub technician_news: TechnicianNews,
    /// Whether the viewer can schedule jobs.
    pub can_plan: bool,
}

/// Returns whether a visit can be rescheduled: it is planned, and travel has not started.
fn is_reschedulable(appointment: AppointmentStatus, job: TargetStatus) -> bool {
    appointment == AppointmentStatus::Planned && job.is_reschedulable()
}

/// Returns the pagination cursor that follows a job.
pub fn unscheduled_cursor(job: &BoardJob) -> UnscheduledCursor {
    (i64::from(job.priority.rank()), job.created_at, job.target_id.0)
}

pub(crate) fn parse_zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// Returns the reason of a technician's absence on a day.
pub(crate) fn absence_on(absences: &[AbsenceView], technician: StaffId, day: NaiveDate) -> Option<AbsenceKind> {
    let covers_day = |absence: &&AbsenceView| {
        absence.staff_id.0 == technician && (absence.first_day..=absence.last_day).contains(&day)
    };
    absences.iter().find(covers_day).map(|absence| absence.kind)
}

/// Returns the shifts that start on the day before, the day itself and the day after, in the technician's zone, each
/// with the reason of an absence; `None` if no working hours are set up.
fn shifts_around(
    technician: &TechnicianView,
    absences: &[AbsenceView],
    moment: DateTime<Utc>,
) -> Option<Vec<(ShiftOnDay, Option<AbsenceKind>)>> {
    let week = &technician.week.as_ref()?.0;
    let zone = parse_zone(&technician.zone);
    let day = moment.with_timezone(&zone).date_naive();
    let days = [day.pred_opt(), Some(day), day.succ_opt()];
    let shifts = days.into_iter().flatten().filter_map(|day| {
        let shift = week.on(day, &zone)?;
        Some((shift, absence_on(absences, technician.id.0, day)))
    });
    Some(shifts.collect())
}

fn booked_slot(visit: &BoardVisit) -> BookedSlot {
    BookedSlot {
        number: visit.job.number,
        from: visit.starts_at,
        until: visit.ends_at,
        work: TimeDelta::minutes(visit.job.duration_minutes),
        place: visit.job.point(),
    }
}

/// Returns the conflicts of a visit, given the other visits of the technician.
fn conflicts_of_visit(
    travel_times: &TravelTimes,
    technician: &TechnicianView,
    absences: &[AbsenceView],
    job: &BoardJob,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    others: &[BookedSlot],
    now: Option<DateTime<Utc>>,
) -> Vec<Conflict> {
    let proposed = ProposedVisit {
        from,
        until,
        work: TimeDelta::minutes(job.duration_minutes),
        place: job.point(),
        skills: &job.required_skills.0,
        window: job.window(),
        now,
    };
    let zone = parse_zone(&technician.zone);
    let shifts = shifts_around(technician, absences, from);
    let day = from.with_timezone(&zone).date_naive();
    let context = TechnicianSchedule {
        skills: &technician.skills.0,
        shifts: shifts.as_deref(),
        away: absence_on(absences, technician.id.0, day),
        is_unusual_time: is_unusual_time(from, until, &zone),
        stops: others,
    };
    conflicts(&proposed, &context, |from, to| travel_times.time(from, to))
}

/// Returns where a technician's day starts and ends; it ends where it starts unless set otherwise.
pub fn day_endpoints(technician: &TechnicianView) -> (Option<Coordinates>, Option<Coordinates>) {
    let point = |lat: Option<f64>, lon: Option<f64>| lat.zip(lon).map(|(lat, lon)| Coordinates { lat, lon });
    let start = point(technician.start_latitude, technician.start_longitude);
    let end = point(technician.end_latitude, technician.end_longitude);
    (start, end.or(start))
}

/// How long a page waits for the routing service. Later answers are cached for the next page.
const ROUTING_TIMEOUT: Duration = Duration::from_millis(400);

/// Returns the places of each technician's line, between which travel times are needed.
fn places_by_technician(technicians: &[TechnicianView], visits: &[BoardVisit]) -> Vec<Vec<Coordinates>> {
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
            let (start, end) = day_endpoints(technician);
            let stops = places.remove(&technician.id.0)?;
            Some(stops.into_iter().chain(start).chain(end).collect())
        })
        .collect()
}

/// Builds the lines of all technicians who are active or have visits in a span; `day` selects the shifts.
fn lines(
    travel_times: &TravelTimes,
    day: NaiveDate,
    technicians: Vec<TechnicianView>,
    absences: &[AbsenceView],
    visits: Vec<BoardVisit>,
    can_plan: bool,
) -> Vec<Line> {
    let mut by_technician: HashMap<StaffId, Vec<BoardVisit>> = HashMap::new();
    for visit in visits {
        by_technician.entry(visit.technician_id.0).or_default().push(visit);
    }
    technicians
        .into_iter()
        .filter_map(|technician| {
            let visits = by_technician.remove(&technician.id.0).unwrap_or_default();
            if technician.locked_at.is_some() && visits.is_empty() {
                return None;
            }
            let week = technician.week.as_ref();
            let shift = week.and_then(|week| week.0.on(day, &parse_zone(&technician.zone)));
            let away = absence_on(absences, technician.id.0, day);
            let (start, end) = day_endpoints(&technician);
            let (mut position, mut total_travel) = (start, TimeDelta::zero());
            let planned: Vec<BookedSlot> = visits
                .iter()
                .filter(|visit| visit.appointment_status == AppointmentStatus::Planned)
                .map(booked_slot)
                .collect();
            let stops: Vec<Stop> = visits
                .into_iter()
                .map(|visit| {
                    let here = visit.job.point();
                    let travel = position.zip(here).map(|(from, to)| travel_times.time(from, to));
                    total_travel += travel.unwrap_or_default();
                    position = here.or(position);
                    // Completed visits have no conflicts to resolve.
                    let conflicts = if visit.appointment_status == AppointmentStatus::Planned {
                        let others: Vec<BookedSlot> = planned
                            .iter()
                            .filter(|other| other.number != visit.job.number)
                            .copied()
                            .collect();
                        let span = (visit.starts_at, visit.ends_at);
                        conflicts_of_visit(travel_times, &technician, absences, &visit.job, span, &others, None)
                    } else {
                        Vec::new()
                    };
                    Stop {
                        can_reschedule: can_plan && is_reschedulable(visit.appointment_status, visit.job.status),
                        visit,
                        travel,
                        conflicts,
                    }
                })
                .collect();
            if !stops.is_empty() {
                total_travel += position
                    .zip(end)
                    .map(|(from, to)| travel_times.time(from, to))
                    .unwrap_or_default();
            }
            Some(Line {
                technician,
                shift,
                away,
                stops,
                travel: total_travel,
            })
        })
        .collect()
}

/// Returns the span from the start of the first day to the end of a night shift after the last one.
pub(crate) fn span_of_days(zone: &str, days: &[NaiveDate]) -> (DateTime<Utc>, DateTime<Utc>) {
    let first = days.first().copied().unwrap_or_default();
    let last = days.last().copied().unwrap_or(first);
    (
        day_bounds(zone, first).0,
        day_bounds(zone, last).1 + TimeDelta::hours(12),
    )
}

/// Returns the board of a day with a page of unscheduled jobs.
pub async fn day(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    date: NaiveDate,
    after: Option<UnscheduledCursor>,
) -> CoreResult<Board> {
    let staff = by.staff();
    let (begin, end) = day_bounds(staff.zone(), date);
    let mut tx = core.store.read(staff).await?;
    let audit_sequence = tx.latest_audit_sequence().await?;
    let technicians = tx.technicians_with_hours().await?;
    let absences = tx.absences(date.pred_opt().unwrap_or(date)).await?;
    let visits = tx.visits_within(begin, begin + MAX_BOARD_SPAN).await?;
    let unscheduled_jobs = Page::from_rows(
        tx.unscheduled_jobs(after, UNSCHEDULED_PAGE_SIZE + 1).await?,
        UNSCHEDULED_PAGE_SIZE,
    );
    let technician_news = notices::technician_news(&mut tx).await?;
    let can_plan = staff.has::<PlanTargets>();
    drop(tx);
    // A visit after midnight belongs to this day only while the technician's shift of this day lasts.
    let shift_ends: HashMap<StaffId, DateTime<Utc>> = technicians
        .iter()
        .filter_map(|technician| {
            let shift = technician.week.as_ref()?.0.on(date, &parse_zone(&technician.zone))?;
            Some((technician.id.0, shift.until))
        })
        .collect();
    let visits: Vec<BoardVisit> = visits
        .into_iter()
        .filter(|visit| {
            let shift_end = shift_ends.get(&visit.technician_id.0).copied().unwrap_or(end);
            visit.starts_at < end || visit.starts_at < shift_end
        })
        .collect();
    let places = places_by_technician(&technicians, &visits);
    let travel = core
        .travel_times
        .fetch(&places, core.clock.now(), ROUTING_TIMEOUT)
        .await;
    let lines = lines(&travel.travel_times, date, technicians, &absences, visits, can_plan);
    let (from, until) = visible_hours(&lines, begin);
    Ok(Board {
        is_estimated: travel.is_estimated,
        date,
        from,
        until,
        lines,
        unscheduled_jobs,
        audit_sequence,
        technician_news,
        can_plan,
    })
}

/// Returns the visible hours of a day's board: they include every shift and visit, and at least 8:00 to 17:00.
fn visible_hours(lines: &[Line], begin: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
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
    let full_hours = |moment: DateTime<Utc>| (moment - begin).num_seconds().div_euclid(3_600);
    let from = begin + hour * i32::try_from(full_hours(from)).unwrap_or_default().clamp(0, 24);
    let last = full_hours(until - TimeDelta::seconds(1)) + 1;
    (from, begin + hour * i32::try_from(last).unwrap_or(36).clamp(1, 36))
}

/// One day of the weekly board.
#[derive(Debug, Clone)]
pub struct WeekDay {
    pub date: NaiveDate,
    /// The technicians' lines, in the same order on each day.
    pub lines: Vec<Line>,
}

/// The board of one week.
#[derive(Debug, Clone)]
pub struct WeekBoard {
    /// Monday first.
    pub days: Vec<WeekDay>,
    /// Sequence number of the latest audit entry, from which the page listens for changes.
    pub audit_sequence: i64,
    /// What technicians have sent to dispatch.
    pub technician_news: TechnicianNews,
    /// Whether the viewer can schedule jobs.
    pub can_plan: bool,
}

/// Returns the weekly board that starts on a Monday.
pub async fn week(core: &Core, by: Permit<'_, ViewOperations>, monday: NaiveDate) -> CoreResult<WeekBoard> {
    let staff = by.staff();
    let day = |index: u64| monday.checked_add_days(Days::new(index)).unwrap_or(monday);
    let (begin, end) = (day_bounds(staff.zone(), monday).0, day_bounds(staff.zone(), day(6)).1);
    let mut tx = core.store.read(staff).await?;
    // Read first: a change that the board does not show yet must reload the page.
    let audit_sequence = tx.latest_audit_sequence().await?;
    let technicians = tx.technicians_with_hours().await?;
    let absences = tx.absences(monday.pred_opt().unwrap_or(monday)).await?;
    let visits = tx.visits_within(begin, end).await?;
    let technician_news = notices::technician_news(&mut tx).await?;
    let can_plan = staff.has::<PlanTargets>();
    drop(tx);
    // The weekly overview uses cached travel times only.
    let travel_times = core
        .travel_times
        .cached(&places_by_technician(&technicians, &visits), core.clock.now())
        .travel_times;
    // A technician with a visit on one of the days has a line on every day.
    let active: Vec<TechnicianView> = technicians
        .into_iter()
        .filter(|technician| {
            technician.locked_at.is_none() || visits.iter().any(|visit| visit.technician_id.0 == technician.id.0)
        })
        .map(|mut technician| {
            technician.locked_at = None;
            technician
        })
        .collect();
    let days = (0..7)
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
                lines: lines(&travel_times, date, active.clone(), &absences, of_day, can_plan),
            }
        })
        .collect();
    Ok(WeekBoard {
        days,
        audit_sequence,
        technician_news,
        can_plan,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_planned_visit_before_travel_is_reschedulable() {
        for job in TargetStatus::ALL {
            for appointment in AppointmentStatus::ALL {
                let expected = *appointment == AppointmentStatus::Planned
                    && matches!(job, TargetStatus::Scheduled | TargetStatus::Dispatched);
                assert_eq!(
                    is_reschedulable(*appointment, *job),
                    expected,
                    "{appointment:?}, {job:?}"
                );
            }
        }
    }
}
