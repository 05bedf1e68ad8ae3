//! What did not fit: both versions of a visit, and what is decided about the one from the phone.

use domain::day_entries::{DayEntryState, DayStep, Fit, SeenAppointment};
use domain::ids::TargetId;
use domain::permissions::{PerformVisits, PlanTargets, ViewOperations};
use domain::problems::Problem;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::visits::entries::photos;
use crate::visits::model::DayStop;
use crate::visits::report;
use crate::visits::report::Report;
use crate::visits::store::day_entries::{DayEntryView, DayPhoto};
use crate::visits::{Step, fit, own_stop, perform, refusal};
use crate::{Core, CoreError, CoreResult};

/// An entry with its photos.
pub type WithPhotos = (DayEntryView, Vec<DayPhoto>);

/// What waits for the technician's decision about one visit, beside the visit as it is now.
#[derive(Debug, Clone)]
pub struct Collision {
    /// The entries in the order in which they came; at least one.
    pub entries: Vec<WithPhotos>,
    /// The visit, if it is still the technician's.
    pub stop: Option<DayStop>,
    /// Whether the entries would hold now.
    pub is_usable: bool,
}

/// Puts photos to their entries.
fn with_photos(entries: Vec<DayEntryView>, photos: &[DayPhoto]) -> Vec<WithPhotos> {
    let own = |id| photos.iter().filter(|photo| photo.entry_id == id).cloned().collect();
    entries
        .into_iter()
        .map(|entry| (entry.clone(), own(entry.id)))
        .collect()
}

/// Both versions of each visit about which something waits.
///
/// # Errors
/// The database does not answer.
pub async fn waiting(core: &Core, by: Permit<'_, PerformVisits>) -> CoreResult<Vec<Collision>> {
    let mut tx = core.store.read(by.staff()).await?;
    let (entries, photos) = (tx.own_waiting_entries().await?, tx.photos_of_waiting().await?);
    let stops = tx.own_stops_of_waiting().await?;
    drop(tx);
    let collisions = entries
        .chunk_by(|one, other| one.target_id == other.target_id)
        .map(|entries| {
            let stop = stops
                .iter()
                .find(|stop| stop.target_id == entries[0].target_id)
                .cloned();
            Collision {
                is_usable: stop.as_ref().is_some_and(|stop| would_hold(stop, entries)),
                entries: with_photos(entries.to_vec(), &photos),
                stop,
            }
        });
    Ok(collisions.collect())
}

/// The step that an entry was, with its report if it had one.
pub(crate) fn step_of(step: DayStep, report: Option<&Report>) -> Step<'_> {
    match (step, report) {
        (_, Some(report)) => Step::Report(report),
        (DayStep::Arrive, None) => Step::Arrive,
        (_, None) => Step::SetOut,
    }
}

/// Whether entries would hold one after the other.
fn would_hold(stop: &DayStop, entries: &[DayEntryView]) -> bool {
    let mut stop = stop.clone();
    entries.iter().all(|entry| {
        let report = entry.form.as_ref().and_then(|form| report::read(&form.0).ok());
        let step = step_of(entry.step, report.as_ref());
        let fits = fit(&stop, &step, None, None).is_ok();
        stop.status = step.end();
        fits
    })
}

/// Lets the own version hold: every entry in its order, or none.
///
/// # Errors
/// `not_found`, `illegal_transition`; `concurrent_modification` unless exactly what waits was shown.
pub async fn use_mine(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    let entries = own_waiting(&mut tx, target, shown).await?;
    for entry in &entries {
        let seen = entry.seen_from.zip(entry.seen_until);
        let seen = seen.map(|(starts_at, ends_at)| SeenAppointment { starts_at, ends_at });
        let stop = own_stop(&mut tx, target, entry.step, seen)
            .await?
            .ok_or_else(CoreError::not_found)?;
        let mut report = entry.form.as_ref().map(|form| report::read(&form.0)).transpose()?;
        if let Some(report) = &mut report {
            report.photos = photos(&mut tx, entry.id.0).await?;
        }
        let step = step_of(entry.step, report.as_ref());
        match fit(&stop, &step, None, None) {
            Ok(Fit::Now) => perform(&mut tx, &stop, &step, Some(entry.noted_at)).await?,
            Ok(Fit::Already) => {}
            Err(misfit) => return Err(refusal(&stop, &step, misfit)),
        }
        end(&mut tx, entry, DayEntryState::Done).await?;
    }
    finish(core, tx).await
}

/// Gives the own version to dispatch, with everything that was written.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what waits was shown.
pub async fn hand_over(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    decide(core, by, target, shown, DayEntryState::HandedOver).await
}

/// Drops the own version.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what waits was shown.
pub async fn discard(core: &Core, by: Permit<'_, PerformVisits>, target: TargetId, shown: &str) -> CoreResult<()> {
    decide(core, by, target, shown, DayEntryState::Discarded).await
}

async fn decide(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    target: TargetId,
    shown: &str,
    to: DayEntryState,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    for entry in own_waiting(&mut tx, target, shown).await? {
        end(&mut tx, &entry, to).await?;
    }
    finish(core, tx).await
}

/// The keys of entries as a form carries them, so that nothing is decided that nobody has seen.
pub fn keys<'a>(entries: impl IntoIterator<Item = &'a DayEntryView>) -> String {
    let keys = entries.into_iter().map(|entry| entry.id.0.uuid().to_string());
    keys.collect::<Vec<_>>().join(",")
}

/// Refuses unless exactly these entries were on the screen.
fn as_shown(entries: &[DayEntryView], shown: &str) -> CoreResult<()> {
    if entries.is_empty() {
        return Err(CoreError::not_found());
    }
    if keys(entries) == shown {
        Ok(())
    } else {
        Err(CoreError::new(
            Problem::ConcurrentModification,
            "Something has come in meanwhile; look at it again.",
        ))
    }
}

async fn own_waiting(tx: &mut TenantTx<'_, Staff>, target: TargetId, shown: &str) -> CoreResult<Vec<DayEntryView>> {
    tx.lock_target(target).await?;
    let entries = tx.own_waiting_entries_of(target).await?;
    as_shown(&entries, shown)?;
    Ok(entries)
}

async fn end(tx: &mut TenantTx<'_, Staff>, entry: &DayEntryView, to: DayEntryState) -> CoreResult<()> {
    if !tx.end_day_entry(entry.id.0, entry.state, to).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody has decided about this meanwhile.",
        ));
    }
    if to == DayEntryState::Discarded {
        tx.drop_day_photos(entry.id.0).await?;
    }
    tx.audit(
        "day_entry.decided",
        entry.target_id,
        json!({ "step": entry.step.name(), "to": to.name(), "notedAt": entry.noted_at }),
    );
    Ok(())
}

/// What technicians have handed over about a job, one technician after the other.
///
/// # Errors
/// The database does not answer.
pub async fn handed_over(core: &Core, by: Permit<'_, ViewOperations>, target: TargetId) -> CoreResult<Vec<WithPhotos>> {
    let mut tx = core.store.read(by.staff()).await?;
    let (entries, photos) = (
        tx.handed_over_entries(target).await?,
        tx.photos_of_handed_over(target).await?,
    );
    Ok(with_photos(entries, &photos))
}

/// The jobs about which something was handed over: id and number.
///
/// # Errors
/// The database does not answer.
pub async fn with_handed_over(core: &Core, by: Permit<'_, ViewOperations>) -> CoreResult<Vec<(TargetId, i64)>> {
    let found = core.store.read(by.staff()).await?.targets_with_handed_over().await?;
    Ok(found.into_iter().map(|(key, number)| (key.0, number)).collect())
}

/// Dispatch has dealt with what was handed over about a job.
///
/// # Errors
/// `not_found`; `concurrent_modification` unless exactly what was handed over was shown.
pub async fn settle(core: &Core, by: Permit<'_, PlanTargets>, target: TargetId, shown: &str) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    tx.lock_target(target).await?;
    let entries = tx.handed_over_entries(target).await?;
    as_shown(&entries, shown)?;
    for entry in &entries {
        end(&mut tx, entry, DayEntryState::Settled).await?;
    }
    finish(core, tx).await
}
