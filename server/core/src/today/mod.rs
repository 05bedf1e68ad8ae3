//! What needs attention today, the worst first: the home page of dispatch.

mod counts;
mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the tests run statements of their own")]
mod tests;

use chrono::TimeDelta;
use domain::identity::permissions::{ViewImports, ViewOperations, ViewReports};

pub use self::counts::{OpenWork, open_work};
pub use self::model::{Attention, Load, Today, TodayRow};
use crate::identity::actors::Permit;
pub use crate::requests::inbox::MAX_COUNTED;
use crate::scheduling::board;
use crate::scheduling::board::Line;
use crate::{Core, CoreResult};

/// Rows of each list.
pub const SHOWN_ROWS: i64 = 3;

/// Returns what needs attention, with the load of the technicians.
///
/// # Errors
/// The database is unavailable.
pub async fn load(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<Today> {
    let staff = by.staff();
    let today = core
        .clock
        .now()
        .with_timezone(&board::parse_zone(staff.zone()))
        .date_naive();
    let board = board::day(core, by, today, None).await?;
    let mut tx = core.store.read(staff).await?;
    let reports = if staff.has::<ViewReports>() {
        Some(tx.reports_to_approve().await?)
    } else {
        None
    };
    let mapping = if staff.has::<ViewImports>() {
        Some(tx.jobs_to_map().await?)
    } else {
        None
    };
    Ok(Today {
        date: today,
        revision: board.audit_sequence,
        late: tx.late_visits().await?,
        urgent: tx.urgent_jobs().await?,
        waiting: tx.requests_waiting_for_customer().await?,
        ended_offers: tx.ended_offers().await?,
        new_requests: tx.requests_to_review().await?,
        reports,
        mapping,
        can_plan: board.can_plan,
        technician_news: board.technician_news,
        load: board.lines.iter().map(load_of).collect(),
    })
}

/// Returns a technician's load on the day.
fn load_of(line: &Line) -> Load {
    let work = line
        .stops
        .iter()
        .map(|stop| stop.visit.ends_at - stop.visit.starts_at)
        .sum();
    let shift = line.shift.as_ref().filter(|_| line.away.is_none());
    let breaks: TimeDelta = shift
        .iter()
        .flat_map(|shift| shift.rests.iter().map(|(_, _, length)| *length))
        .sum();
    Load {
        technician: line.technician.display_name.clone(),
        visits: line.stops.len(),
        work,
        travel: line.travel,
        shift: shift.map_or_else(TimeDelta::zero, |shift| shift.until - shift.from - breaks),
        away: line.away,
    }
}
