//! The background worker: claims a suggestion, loads its data, searches a plan and stores it. If a worker dies, its
//! claim expires and another worker starts over; the seeded search gives the same plan.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use chrono::{Days, TimeDelta};
use domain::events::EventType;
use domain::ids::RouteSuggestionId;
use routing::Settings;
use serde_json::json;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::db::purpose::SuggestionQueue;
use crate::events::NewEvent;
use crate::identity::actors::{Actor as _, System, TenantId};
use crate::identity::authentication;
use crate::scheduling::board::span_of_days;
use crate::suggestions::build::{BuiltProblem, PlanInput, build};
use crate::suggestions::store::ClaimedSuggestion;
use crate::{Core, CoreError, CoreResult};
use domain::suggestions::{Outcome, SuggestionStatus};

/// How long a claim is valid without being renewed.
const CLAIM_LEASE: TimeDelta = TimeDelta::seconds(20);
/// How often progress is stored and the cancel flag is read.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(300);
/// Number of insertion positions that the search evaluates; takes a few seconds.
const SEARCH_BUDGET: u64 = 40_000_000;
/// The search ends after this time even if its budget is not used up, for slow or busy machines.
const MAX_SEARCH_TIME: Duration = Duration::from_secs(30);
/// How long the routing service may take; shorter than [`CLAIM_LEASE`].
const ROUTING_TIMEOUT: Duration = Duration::from_secs(12);
/// Cost of a second of overtime in seconds of travel.
const OVERTIME_WEIGHT: u32 = 3;
/// Maximum number of unscheduled jobs in a suggestion.
const MAX_UNSCHEDULED_JOBS: i64 = 200;

/// Computes the oldest queued suggestion; returns false if none is queued.
pub async fn run_next(core: &Core) -> CoreResult<bool> {
    run_next_until(core, std::future::pending()).await
}

/// Like [`run_next`], but gives the suggestion back when `stop` completes first: another worker starts over.
pub async fn run_next_until(core: &Core, stop: impl Future<Output = ()>) -> CoreResult<bool> {
    if !core.store.read_system().await?.has_claimable_suggestion().await? {
        return Ok(false);
    }
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system::<SuggestionQueue>().await?;
    let found = tx.claim_suggestion(claim, core.clock.now() + CLAIM_LEASE).await?;
    tx.commit().await?;
    let Some(claimed) = found else { return Ok(false) };
    let system = authentication::system(TenantId::from_uuid(claimed.tenant_id), "route_suggestion");
    let span = tracing::error_span!("job", worker = "suggestions", tenant = %claimed.tenant_id, job = %claimed.id);
    tokio::select! {
        result = run(core, &system, &claimed, claim).instrument(span) => result?,
        () = stop => {
            let mut tx = core.store.begin_system::<SuggestionQueue>().await?;
            tx.release_suggestion(claim).await?;
            tx.commit().await?;
        }
    }
    Ok(true)
}

/// Ends the search when it is dropped; a thread of its own would run on.
struct StopSearch(Arc<AtomicBool>);

impl Drop for StopSearch {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn run(core: &Core, system: &System, claimed: &ClaimedSuggestion, claim: Uuid) -> CoreResult<()> {
    match compute(core, system, claimed, claim).await {
        Ok(Computed::Plan(outcome)) => {
            finish(
                core,
                system,
                claimed,
                claim,
                SuggestionStatus::Completed,
                Some(&outcome),
            )
            .await
        }
        Ok(Computed::Cancelled) => finish(core, system, claimed, claim, SuggestionStatus::Cancelled, None).await,
        Ok(Computed::ClaimLost) => {
            tracing::info!("route suggestion was claimed by another worker");
            Ok(())
        }
        Err(error) => {
            tracing::error!(%error, "failed to compute route suggestion");
            finish(core, system, claimed, claim, SuggestionStatus::Failed, None).await
        }
    }
}

enum Computed {
    Plan(Box<Outcome>),
    Cancelled,
    ClaimLost,
}

/// Loads the data and builds the routing problem.
async fn load(core: &Core, system: &System, found: &ClaimedSuggestion) -> CoreResult<BuiltProblem> {
    let mut tx = core.store.read(system).await?;
    let zone = tx.tenant_zone().await?;
    let days: Vec<_> = (0..u64::from(found.options.days.clamp(1, crate::suggestions::MAX_DAYS)))
        .filter_map(|index| found.date.checked_add_days(Days::new(index)))
        .collect();
    let (begin, end) = span_of_days(&zone, &days);
    let jobs = match &found.options.targets {
        Some(ids) => tx.board_jobs(ids).await?,
        None => tx.unscheduled_jobs(None, MAX_UNSCHEDULED_JOBS).await?,
    };
    let input = PlanInput {
        begin,
        now: core.clock.now(),
        technicians: tx.technicians_with_hours().await?,
        absences: tx.absences(found.date.pred_opt().unwrap_or(found.date)).await?,
        visits: tx.visits_within(begin, end).await?,
        jobs,
        is_explicit: found.options.targets.is_some(),
        days,
    };
    drop(tx);
    let locations = [input.locations()];
    let travel = core
        .travel_times
        .fetch(&locations, core.clock.now(), ROUTING_TIMEOUT)
        .await;
    build(input, &travel).map_err(CoreError::internal)
}

async fn compute(core: &Core, system: &System, found: &ClaimedSuggestion, claim: Uuid) -> CoreResult<Computed> {
    let built = load(core, system, found).await?;
    let (stop, progress) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let settings = Settings {
        budget: SEARCH_BUDGET,
        seed: seed(found.id.0),
        overtime_weight: OVERTIME_WEIGHT,
    };
    let (search_stop, search_progress) = (stop.clone(), progress.clone());
    let _stop_search = StopSearch(stop.clone());
    let mut work = tokio::task::spawn_blocking(move || {
        let started = std::time::Instant::now();
        let plan = routing::solve(&built.problem, &settings, &mut |progress| {
            search_progress.store(progress.done, Ordering::Relaxed);
            if search_stop.load(Ordering::Relaxed) || started.elapsed() > MAX_SEARCH_TIME {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        // A plan that violates a constraint is a bug and is never stored.
        let violations = routing::check(&built.problem, &plan);
        (violations.is_empty(), built.render(&plan))
    });
    loop {
        tokio::select! {
            done = &mut work => {
                let (is_valid, outcome) = done.map_err(|_| internal_error("the search panicked"))?;
                // A cancellation requested since the last progress report still counts.
                match renew(core, system, found.id.0, claim, 999).await? {
                    Some(false) => {}
                    Some(true) => return Ok(Computed::Cancelled),
                    None => return Ok(Computed::ClaimLost),
                }
                if !is_valid {
                    return Err(internal_error("the plan violates a constraint"));
                }
                return Ok(Computed::Plan(Box::new(outcome)));
            }
            () = tokio::time::sleep(PROGRESS_INTERVAL) => {
                let done = i64::from(progress.load(Ordering::Relaxed).min(999));
                match renew(core, system, found.id.0, claim, done).await? {
                    Some(false) => {}
                    Some(true) => stop.store(true, Ordering::Relaxed),
                    None => {
                        stop.store(true, Ordering::Relaxed);
                        let _ = work.await;
                        return Ok(Computed::ClaimLost);
                    }
                }
            }
        }
    }
}

/// Stores the progress (in thousandths) and renews the claim; returns whether cancellation was requested, or `None` if
/// the claim was lost.
async fn renew(
    core: &Core,
    system: &System,
    id: RouteSuggestionId,
    claim: Uuid,
    progress: i64,
) -> CoreResult<Option<bool>> {
    let mut tx = core.store.begin(system).await?;
    let cancel_requested = tx
        .renew_suggestion(id, claim, progress, core.clock.now() + CLAIM_LEASE)
        .await?;
    tx.commit().await?;
    let _ = core.changes.send(system.tenant().uuid());
    Ok(cancel_requested)
}

fn internal_error(text: &str) -> CoreError {
    CoreError::internal(text)
}

/// Derives the seed from the ID, so that another worker computes the same plan.
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
    // Only the requesting client receives the event, and only with ID and status.
    if let Some(source) = found.source_system_id {
        tx.emit(
            NewEvent::for_source(EventType::RouteSuggestionCompleted, source, id)
                .with_details(json!({ "routeSuggestion": { "id": id, "status": status.name() } })),
        );
    }
    crate::commit::finish(core, tx).await
}
