//! Route suggestions: asked for, made in the background, looked at with their reasons, committed whole or stop by stop, or
//! discarded. A suggestion plans nothing by itself; until a stop is committed nobody outside hears of it.

pub(crate) mod build;
pub mod clients;
pub(crate) mod commit;
pub mod run;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) mod tell;
pub use self::store::SuggestionView;

use chrono::{Days, NaiveDate};
use domain::ids::RouteSuggestionId;
use domain::permissions::PlanTargets;
use domain::problems::Problem;
use serde_json::json;

pub use commit::{Committed, commit};
use domain::suggestions::Options;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::suggestions::store::SuggestionLine;
use crate::visits;
use crate::{Core, CoreError, CoreResult};

/// How many days a suggestion may have.
pub const MOST_DAYS: u32 = 7;
/// How far ahead one can be asked for, in days.
const FARTHEST: u64 = 366;
/// How many may be on their way in one organisation.
const MOST_OPEN: i64 = 20;
/// How many are listed.
const LISTED: i64 = 50;

/// Whether a day can be planned.
fn is_day(today: NaiveDate, date: NaiveDate) -> bool {
    let last = today.checked_add_days(Days::new(FARTHEST)).unwrap_or(today);
    (today..=last).contains(&date)
}

/// Too many at once would keep those behind them waiting.
fn too_many() -> CoreError {
    CoreError::new(
        Problem::RateLimited,
        format!("{MOST_OPEN} route suggestions are on their way already."),
    )
}

/// Asks for a day's plan for what waits in the pool.
///
/// # Errors
/// Field `date`; `rate_limited` while too many are on their way.
pub async fn ask(core: &Core, by: Permit<'_, PlanTargets>, date: NaiveDate) -> CoreResult<RouteSuggestionId> {
    let staff = by.staff();
    if !is_day(visits::today(core, staff), date) {
        return Err(CoreError::field(
            "date",
            "day_to_come",
            "Choose a day to come, at most a year ahead.",
        ));
    }
    let mut tx = core.store.begin(staff).await?;
    if tx.open_suggestions().await? >= MOST_OPEN {
        return Err(too_many());
    }
    let id: RouteSuggestionId = tx.new_id();
    let options = Options { targets: None, days: 1 };
    tx.insert_suggestion(id, date, None, &options).await?;
    tx.audit("route_suggestion.asked", id, json!({ "date": date }));
    finish(core, tx).await?;
    core.wake_planner.notify_one();
    Ok(id)
}

/// One suggestion.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<SuggestionView> {
    core.store
        .read(by.staff())
        .await?
        .suggestion(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// The latest ones.
///
/// # Errors
/// The database does not answer.
pub async fn list(core: &Core, by: Permit<'_, PlanTargets>) -> CoreResult<Vec<SuggestionLine>> {
    Ok(core.store.read(by.staff()).await?.suggestions(LISTED).await?)
}

/// Wants a suggestion stopped that is on its way.
///
/// # Errors
/// `not_found`; `illegal_transition` once it has ended.
pub async fn stop(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.ask_to_stop_suggestion(id).await? {
        return Err(CoreError::new(Problem::IllegalTransition, "It has ended already."));
    }
    tx.audit("route_suggestion.stop_asked", id, json!({}));
    finish(core, tx).await
}

/// Decides against a suggestion. What was committed stays.
///
/// # Errors
/// `not_found`; `illegal_transition` for one that is not there yet, or was discarded.
pub async fn discard(core: &Core, by: Permit<'_, PlanTargets>, id: RouteSuggestionId) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.suggestion(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.discard_suggestion(id).await? {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            "It cannot be discarded any more.",
        ));
    }
    tx.audit("route_suggestion.discarded", id, json!({}));
    finish(core, tx).await
}

/// Removes suggestions after a month: they hold names, and nobody asks for them any more. The worker calls this.
///
/// # Errors
/// The database does not answer.
pub async fn forget_old(core: &Core) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.forget_suggestions(core.clock.now() - chrono::TimeDelta::days(30))
        .await?;
    Ok(tx.commit().await?)
}
