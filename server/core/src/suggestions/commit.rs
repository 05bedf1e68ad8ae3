//! Committing a suggestion: each stop is asked again, with what is true by now, before it becomes an appointment.

use domain::ids::{RouteSuggestionId, TargetId};
use domain::permissions::PlanTargets;
use domain::problems::Problem;
use domain::targets::TargetStatus;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::scheduling::appointments::{Visit, detail, fix};
use crate::scheduling::board::moves::against_visit;
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{Fate, PlannedStop, SuggestionStatus};

/// What became of the stops.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Committed {
    /// How many are appointments now.
    pub committed: usize,
    /// How many do not hold any more.
    pub stale: usize,
}

/// Commits all proposed stops, or one of them. What does not hold any more is left and noted with what stands against it;
/// the others are fixed, each in a transaction of its own.
///
/// # Errors
/// `not_found`; `illegal_transition` for a suggestion that is not there or was discarded; `concurrent_modification` if
/// somebody else commits at the same time.
pub async fn commit(
    core: &Core,
    by: Permit<'_, PlanTargets>,
    id: RouteSuggestionId,
    only: Option<TargetId>,
    shared: bool,
) -> CoreResult<Committed> {
    let found = core.store.read(by.staff()).await?.suggestion(id).await?;
    let found = found.ok_or_else(CoreError::not_found)?;
    let (SuggestionStatus::Completed, Some(outcome)) = (found.status, found.result) else {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            format!("It is {} and cannot be committed.", found.status.name()),
        ));
    };
    let stops: Vec<_> = outcome
        .routes
        .iter()
        .flat_map(|route| route.stops.iter().map(|stop| (route.technician, stop)))
        .filter(|(_, stop)| stop.is_new && only.is_none_or(|only| only == stop.target))
        .filter(|(_, stop)| found.decided.0.0.get(&stop.target) != Some(&Fate::Committed))
        .collect();
    if only.is_some() && stops.is_empty() {
        return Err(CoreError::not_found());
    }
    let mut result = Committed::default();
    for (technician, stop) in stops {
        if one(core, by, id, technician, stop, shared).await? {
            result.committed += 1;
        } else {
            result.stale += 1;
        }
    }
    Ok(result)
}

/// Commits a stop; false if it does not hold any more.
async fn one(
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
        Some(("not_open", String::new()))
    } else if stop.begin < core.clock.now() {
        Some(("in_the_past", String::new()))
    } else if !tx.is_technician(technician).await? {
        Some(("no_technician", String::new()))
    } else {
        let job = tx.board_job(stop.target).await?.ok_or_else(CoreError::not_found)?;
        let against = against_visit(core, &mut tx, &job, technician, stop.begin, stop.end).await?;
        against.first().map(|conflict| (conflict.name(), detail(conflict)))
    };
    let fate = stale.clone().map_or(Fate::Committed, |(why, detail)| Fate::Stale {
        why: why.to_owned(),
        detail,
    });
    decided.0.insert(stop.target, fate);
    if !tx.set_decided(id, &decided, suggestion.revision).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else decides about this suggestion at the same time.",
        ));
    }
    if let Some((why, _)) = stale {
        tx.audit(
            "route_suggestion.stop_stale",
            id,
            json!({ "target": stop.target, "why": why }),
        );
        finish(core, tx).await?;
        return Ok(false);
    }
    let zone = target.location_zone.clone().unwrap_or_else(|| staff.zone().to_owned());
    let visit = Visit {
        technician,
        starts_at: stop.begin,
        ends_at: stop.end,
        zone: &zone,
        shared,
    };
    fix(core, &mut tx, &target, &visit).await?;
    tx.audit("route_suggestion.stop_committed", id, json!({ "target": stop.target }));
    finish(core, tx).await?;
    Ok(true)
}
