//! The worker's share: claim a suggestion, read, search, write. A worker that dies leaves a claim that runs out; the next
//! one begins anew, which gives the same plan.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chrono::{Days, TimeDelta};
use domain::events::EventType;
use domain::ids::RouteSuggestionId;
use routing::Settings;
use serde_json::json;
use uuid::Uuid;

use crate::events::NewEvent;
use crate::identity::actors::{Actor as _, System, TenantId};
use crate::identity::authentication;
use crate::scheduling::board::lines_span;
use crate::suggestions::build::{Built, Material, build};
use crate::suggestions::store::ClaimedSuggestion;
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{Outcome, SuggestionStatus};

/// How long a claim holds without being renewed.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// How often progress is written and the wish to stop is read.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// How many places for a visit the search looks at: some seconds of work.
const BUDGET: u64 = 40_000_000;
/// When the search ends whatever its budget is, on a machine that is very slow or very busy.
const LONGEST: Duration = Duration::from_secs(30);
/// How long the road service may take: less than a claim holds.
const ROADS: Duration = Duration::from_secs(12);
/// As how much travel overtime counts.
const OVERTIME_WEIGHT: u32 = 3;
/// How many jobs of the pool are asked at most.
const MOST_JOBS: i64 = 200;

/// Makes the oldest waiting suggestion; false if none waits.
///
/// # Errors
/// The database does not answer; it is taken up again later.
pub async fn run_next(core: &Core) -> CoreResult<bool> {
    if !core.store.read_system().await?.is_suggestion_waiting().await? {
        return Ok(false);
    }
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system().await?;
    let found = tx.claim_suggestion(claim, core.clock.now() + LEASE).await?;
    tx.commit().await?;
    let Some(found) = found else { return Ok(false) };
    let system = authentication::system(TenantId::from_uuid(found.tenant_id), "route_suggestion");
    let id = found.id.0;
    match make(core, &system, &found, claim).await {
        Ok(Made::Plan(outcome)) => {
            finish(
                core,
                &system,
                &found,
                claim,
                SuggestionStatus::Completed,
                Some(&outcome),
            )
            .await?;
        }
        Ok(Made::Stopped) => finish(core, &system, &found, claim, SuggestionStatus::Cancelled, None).await?,
        Ok(Made::Lost) => tracing::info!(%id, "a route suggestion was taken over"),
        Err(error) => {
            tracing::error!(%id, %error, "a route suggestion could not be made");
            finish(core, &system, &found, claim, SuggestionStatus::Failed, None).await?;
        }
    }
    Ok(true)
}

enum Made {
    Plan(Box<Outcome>),
    Stopped,
    Lost,
}

/// Reads what the plan begins with.
async fn read(core: &Core, system: &System, found: &ClaimedSuggestion) -> CoreResult<Built> {
    let mut tx = core.store.read(system).await?;
    let zone = tx.tenant_zone().await?;
    let days: Vec<_> = (0..u64::from(found.options.days.clamp(1, crate::suggestions::MOST_DAYS)))
        .filter_map(|index| found.date.checked_add_days(Days::new(index)))
        .collect();
    let (begin, end) = lines_span(&zone, &days);
    let jobs = match &found.options.targets {
        Some(ids) => tx.board_jobs(ids).await?,
        None => tx.pool(None, MOST_JOBS).await?,
    };
    let material = Material {
        begin,
        now: core.clock.now(),
        technicians: tx.technicians_set_up().await?,
        absences: tx.absences(found.date.pred_opt().unwrap_or(found.date)).await?,
        visits: tx.visits_within(begin, end).await?,
        jobs,
        is_named: found.options.targets.is_some(),
        days,
    };
    drop(tx);
    let places = [material.places()];
    let ways = core.roads.ways(&places, core.clock.now(), ROADS).await;
    build(material, &ways).map_err(|error| CoreError::new(domain::problems::Problem::InternalError, error.to_string()))
}

async fn make(core: &Core, system: &System, found: &ClaimedSuggestion, claim: Uuid) -> CoreResult<Made> {
    let built = read(core, system, found).await?;
    let (stop, progress) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let settings = Settings {
        budget: BUDGET,
        seed: seed(found.id.0),
        overtime_weight: OVERTIME_WEIGHT,
    };
    let (stopped, told) = (stop.clone(), progress.clone());
    let mut work = tokio::task::spawn_blocking(move || {
        let begun = std::time::Instant::now();
        let plan = routing::solve(&built.problem, &settings, &mut |progress| {
            told.store(progress.done, Ordering::Relaxed);
            if stopped.load(Ordering::Relaxed) || begun.elapsed() > LONGEST {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        // Nothing that breaks a rule is ever shown.
        let violations = routing::check(&built.problem, &plan);
        (violations.is_empty(), built.tell(&plan))
    });
    loop {
        tokio::select! {
            done = &mut work => {
                let (is_sound, outcome) = done.map_err(|_| broken("the search ended without a plan"))?;
                // Whoever wanted it stopped a moment ago is heard, too.
                match renew(core, system, found.id.0, claim, 999).await? {
                    Some(false) => {}
                    Some(true) => return Ok(Made::Stopped),
                    None => return Ok(Made::Lost),
                }
                if !is_sound {
                    return Err(broken("the plan breaks a rule"));
                }
                return Ok(Made::Plan(Box::new(outcome)));
            }
            () = tokio::time::sleep(LOOK_EVERY) => {
                let done = i64::from(progress.load(Ordering::Relaxed).min(999));
                match renew(core, system, found.id.0, claim, done).await? {
                    Some(false) => {}
                    Some(true) => stop.store(true, Ordering::Relaxed),
                    None => {
                        stop.store(true, Ordering::Relaxed);
                        let _ = work.await;
                        return Ok(Made::Lost);
                    }
                }
            }
        }
    }
}

/// Says how far it is; the answer says whether somebody wants it stopped, and is none if another worker has it.
async fn renew(
    core: &Core,
    system: &System,
    id: RouteSuggestionId,
    claim: Uuid,
    progress: i64,
) -> CoreResult<Option<bool>> {
    let mut tx = core.store.begin(system).await?;
    let asked = tx
        .renew_suggestion(id, claim, progress, core.clock.now() + LEASE)
        .await?;
    tx.commit().await?;
    let _ = core.changes.send(system.tenant().uuid());
    Ok(asked)
}

fn broken(text: &str) -> CoreError {
    CoreError::new(domain::problems::Problem::InternalError, text)
}

/// The same suggestion gives the same plan, also when another worker makes it.
fn seed(id: RouteSuggestionId) -> u64 {
    let (high, low) = id.uuid().as_u64_pair();
    high ^ low
}

async fn finish(
    core: &Core,
    system: &System,
    found: &ClaimedSuggestion,
    claim: Uuid,
    status: SuggestionStatus,
    outcome: Option<&Outcome>,
) -> CoreResult<()> {
    let id = found.id.0;
    let mut tx = core.store.begin(system).await?;
    if !tx.finish_suggestion(id, claim, status, outcome).await? {
        return Ok(());
    }
    tx.audit("route_suggestion.ended", id, json!({ "status": status.name() }));
    // Only the client that asked hears of it, and only that it is there.
    if let Some(source) = found.source_system_id {
        tx.emit(NewEvent {
            endpoint: None,
            source: Some(source.0),
            kind: EventType::RouteSuggestionCompleted,
            ordering_key: id.to_string(),
            target: None,
            customer: None,
            location: None,
            contact: None,
            details: json!({ "routeSuggestion": { "id": id, "status": status.name() } }),
        });
    }
    crate::commit::finish(core, tx).await
}
