//! Commits a suggestion: each stop is checked against the current schedule before it becomes an appointment.

use domain::fields::ScheduleConflict;
use domain::identity::permissions::PlanTargets;
use domain::ids::{RouteSuggestionId, TargetId};
use domain::jobs::targets::TargetStatus;
use domain::problems::{Cause, Record};
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::scheduling::appointments::{NewVisit, schedule_visit};
use crate::scheduling::board::moves::load_conflicts;
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{PlannedStop, StopOutcome};

/// The number of stops by result.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    pub committed: usize,
    /// Stops that can no longer be scheduled.
    pub stale: usize,
}

/// Commits all proposed stops, or only the one of a target. Each stop is scheduled in its own transaction; a stop with
/// a conflict is marked as stale instead, with the reason.
///
/// # Errors
/// `not_found` if the target has no open stop; `illegal_transition` unless the suggestion is completed;
/// `concurrent_modification` if another user decides about the suggestion at the same time.
pub async fn commit(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: RouteSuggestionId,
    only: Option<TargetId>,
    shared: bool,
) -> CoreResult<Committed> {
    let found = core.store.read(by.staff()).await?.suggestion(id).await?;
    let found = found.ok_or_else(CoreError::not_found)?;
    let (true, Some(outcome)) = (found.status.is_decidable(), found.result) else {
        return Err(CoreError::new(Cause::SuggestionNotCommittable {
            status: found.status.name().to_owned(),
        }));
    };
    let stops: Vec<_> = outcome
        .routes
        .iter()
        .flat_map(|route| route.stops.iter().map(|stop| (route.technician, stop)))
        .filter(|(_, stop)| only.is_none_or(|only| only == stop.target))
        .filter(|(_, stop)| stop.is_open(&found.decided.0))
        .collect();
    if only.is_some() && stops.is_empty() {
        return Err(CoreError::not_found());
    }
    let mut result = Committed::default();
    for (technician, stop) in stops {
        if commit_stop(core, by, id, technician, stop, shared).await? {
            result.committed += 1;
        } else {
            result.stale += 1;
        }
    }
    Ok(result)
}

/// Commits a stop; returns false if it is stale.
async fn commit_stop(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: RouteSuggestionId,
    technician: domain::ids::StaffId,
    stop: &PlannedStop,
    shared: bool,
) -> CoreResult<bool> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    tx.lock_target(stop.target).await?;
    let suggestion = tx.suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    let mut decided = suggestion.decided.0;
    let target = tx.target_view(stop.target).await?.ok_or_else(CoreError::not_found)?;
    let stale = if target.status != TargetStatus::Open || target.needs_mapping || target.customer_id.is_none() {
        Some(ScheduleConflict::JobNotOpen)
    } else if stop.begin < core.clock.now() {
        Some(ScheduleConflict::InThePast)
    } else if !tx.is_technician(technician).await? {
        Some(ScheduleConflict::TechnicianGone)
    } else {
        let job = tx.board_job(stop.target).await?.ok_or_else(CoreError::not_found)?;
        let conflicts = load_conflicts(core, &mut tx, &job, technician, stop.begin, stop.end).await?;
        conflicts.first().map(ScheduleConflict::from)
    };
    let fate = stale
        .clone()
        .map_or(StopOutcome::Committed, |reason| StopOutcome::Stale { reason });
    decided.0.insert(stop.target, fate);
    if !tx.set_decided(id, &decided, suggestion.revision).await? {
        return Err(CoreError::conflict(Record::Suggestion));
    }
    if let Some(reason) = stale {
        tx.audit(
            "route_suggestion.stop_stale",
            id,
            json!({ "target": stop.target, "why": reason.code() }),
        );
        finish(core, tx).await?;
        return Ok(false);
    }
    let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    let visit = NewVisit {
        technician,
        starts_at: stop.begin,
        ends_at: stop.end,
        zone: &zone,
        shared,
        recorded_reason: None,
    };
    schedule_visit(core, &mut tx, &target, &visit).await?;
    tx.audit("route_suggestion.stop_committed", id, json!({ "target": stop.target }));
    finish(core, tx).await?;
    Ok(true)
}
