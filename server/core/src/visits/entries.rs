//! What a phone sends after it was without a network. Each entry is taken once, however often it is sent; one that does not
//! fit what has happened meanwhile is kept whole until its technician, or dispatch, decides. Nothing that arrives is lost.

use chrono::{DateTime, TimeDelta, Utc};
use domain::day_entries::{self, DayEntryState, DayStep, Fit, Misfit, SeenAppointment, WrittenReport};
use domain::ids::{DayEntryId, StaffId, TargetId};
use domain::permissions::{PerformVisits, ViewOperations};
use domain::problems::Problem;
use domain::targets::TargetStatus;
use serde_json::json;
use uuid::Uuid;

use crate::commit::finish;
use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{Permit, Staff};
use crate::visits::model::DayStop;
use crate::visits::report;
use crate::visits::report::{KeptPhoto, MOST_PHOTOS, Report};
use crate::visits::report_review::{Download, fetch};
use crate::visits::store::day_entries::{DayPhoto, NewDayEntry};
use crate::visits::sync_conflicts::step_of;
use crate::visits::{Step, fit, own_stop, perform};
use crate::{Core, CoreError, CoreResult};

/// How long entries that are over are known, so that one that is sent again is not taken again.
const KNOWN: TimeDelta = TimeDelta::days(180);
/// How long a photo waits for its entry.
const PHOTO_WAITS: TimeDelta = TimeDelta::days(60);

/// An entry as a phone sends it; texts as they came.
#[derive(Debug, Clone, Default)]
pub struct SentEntry {
    /// The key that the phone made: a UUID.
    pub key: String,
    /// Who was signed in when it was noted.
    pub person: String,
    /// The job.
    pub target: String,
    /// `set_out`, `arrive` or `report`.
    pub step: String,
    /// RFC 3339.
    pub noted_at: String,
    /// The appointment on the screen; empty if there was none.
    pub seen: String,
    /// How many photos came before it.
    pub photos: String,
    /// What was written, for a report.
    pub report: WrittenReport,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It holds, or somebody has decided about it.
    Done,
    /// It did not fit and waits for a decision.
    Waiting,
}

impl From<DayEntryState> for Taken {
    fn from(state: DayEntryState) -> Self {
        if state == DayEntryState::Waiting {
            Self::Waiting
        } else {
            Self::Done
        }
    }
}

fn read_key(key: &str) -> CoreResult<DayEntryId> {
    let key = key.parse::<Uuid>().ok().filter(|key| !key.is_nil());
    key.map(DayEntryId::from_uuid)
        .ok_or_else(|| CoreError::field("key", "invalid_key", "A UUID is required."))
}

/// Whether the person who noted something is the one who is signed in now: one phone may be used by several.
fn same_person(staff: &Staff, person: &str) -> CoreResult<()> {
    let person: StaffId = person
        .parse()
        .map_err(|_| CoreError::field("person", "required", "The id of whoever noted it is required."))?;
    if person == staff.id() {
        Ok(())
    } else {
        Err(CoreError::new(
            Problem::PermissionDenied,
            "Somebody else noted this; it is sent once they are signed in.",
        ))
    }
}

/// An entry whose fields are right.
struct Entry {
    id: DayEntryId,
    target: TargetId,
    step: DayStep,
    noted_at: DateTime<Utc>,
    seen: Option<SeenAppointment>,
    photos: usize,
    report: Option<Report>,
    written: Option<WrittenReport>,
}

fn read(sent: SentEntry, now: DateTime<Utc>) -> CoreResult<Entry> {
    let id = read_key(&sent.key)?;
    let target = sent.target.parse().map_err(|_| CoreError::not_found())?;
    let step = DayStep::from_name(&sent.step)
        .ok_or_else(|| CoreError::field("step", "invalid_step", "set_out, arrive or report is required."))?;
    let told: DateTime<Utc> = sent
        .noted_at
        .parse()
        .map_err(|_| CoreError::field("noted_at", "invalid_time", "A time in RFC 3339 is required."))?;
    let seen = match sent.seen.as_str() {
        "" => None,
        text => Some(
            SeenAppointment::read(text)
                .ok_or_else(|| CoreError::field("seen", "invalid_time", "Two times in RFC 3339 are required."))?,
        ),
    };
    let photos = match sent.photos.as_str() {
        "" => 0,
        count => count
            .parse()
            .ok()
            .filter(|count| *count <= MOST_PHOTOS)
            .ok_or_else(report::too_many_photos)?,
    };
    let is_report = step == DayStep::Report;
    Ok(Entry {
        id,
        target,
        step,
        noted_at: day_entries::noted_at(told, now),
        seen,
        photos,
        report: if is_report {
            Some(report::read(&sent.report)?)
        } else {
            None
        },
        written: is_report.then_some(sent.report),
    })
}

/// Keeps a photo of a report that is on its way. Sent again, it changes nothing.
///
/// # Errors
/// Fields `key`, `position`, `photo`; `permission_denied` if somebody else noted it; `not_found` for a key of
/// somebody else's.
pub async fn take_photo(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    key: &str,
    person: &str,
    position: &str,
    photo: (String, Vec<u8>),
) -> CoreResult<()> {
    same_person(by.staff(), person)?;
    let id = read_key(key)?;
    let position = position
        .parse::<i64>()
        .ok()
        .filter(|position| usize::try_from(*position).is_ok_and(|position| position < MOST_PHOTOS))
        .ok_or_else(report::too_many_photos)?;
    // Before the work of decoding it: a photo that is here is here.
    let mut tx = core.store.read(by.staff()).await?;
    let owner = tx.day_photo_owner(id).await?;
    if owner.is_some_and(|owner| owner != by.staff().id()) {
        return Err(CoreError::not_found());
    }
    let known = tx.own_day_photos(id).await?;
    drop(tx);
    if known.iter().any(|photo| photo.position == position) {
        return Ok(());
    }
    let kept = report::keep_photos(core, by.staff(), vec![photo]).await?;
    let mut tx = core.store.begin(by.staff()).await?;
    if tx
        .day_photo_owner(id)
        .await?
        .is_some_and(|owner| owner != by.staff().id())
    {
        return Err(CoreError::not_found());
    }
    for photo in kept {
        let row = DayPhoto {
            entry_id: id.into(),
            position,
            file_name: photo.file_name,
            size_bytes: photo.size_bytes,
            content_hash: photo.content_hash,
        };
        tx.insert_day_photo(&row).await?;
    }
    finish(core, tx).await
}

/// Takes an entry. What was taken before is answered as it was then.
///
/// # Errors
/// Fields; `permission_denied` if somebody else noted it; `not_found` for a job that was never the technician's or a
/// key of somebody else's; `precondition_failed` if photos are missing, which must be sent first.
pub async fn take(core: &Core, by: Permit<'_, PerformVisits>, sent: SentEntry) -> CoreResult<Taken> {
    same_person(by.staff(), &sent.person)?;
    let mut entry = read(sent, core.clock.now())?;
    for _ in 0..crate::integrations::idempotency::TRIES {
        match try_take(core, by, &mut entry).await {
            // The same entry over another connection was faster; the next look finds it.
            Err(Failed::Race) => {}
            Err(Failed::Core(error)) => return Err(error),
            Ok(taken) => return Ok(taken),
        }
    }
    Err(CoreError::new(
        Problem::ConcurrentModification,
        "The same entry is being taken at this moment.",
    ))
}

enum Failed {
    Race,
    Core(CoreError),
}

impl<E: Into<CoreError>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Core(error.into())
    }
}

async fn try_take(core: &Core, by: Permit<'_, PerformVisits>, entry: &mut Entry) -> Result<Taken, Failed> {
    let mut tx = core.store.begin(by.staff()).await?;
    if let Some(known) = tx.day_entry(entry.id).await? {
        if known.technician_id.0 != by.staff().id() {
            return Err(CoreError::not_found().into());
        }
        return Ok(known.state.into());
    }
    if let Some(report) = &mut entry.report {
        report.photos = photos(&mut tx, entry.id).await?;
        if report.photos.len() != entry.photos {
            return Err(CoreError::new(Problem::PreconditionFailed, "Send the photos first.").into());
        }
    }
    let step = step_of(entry.step, entry.report.as_ref());
    let found = match look(&mut tx, entry.target, &step, entry.seen, entry.noted_at).await? {
        Ok((stop, Fit::Now)) => {
            perform(&mut tx, &stop, &step, Some(entry.noted_at)).await?;
            Ok(())
        }
        Ok((_, Fit::Already)) => Ok(()),
        Err(misfit) => Err(misfit),
    };
    let state = if found.is_ok() {
        DayEntryState::Done
    } else {
        DayEntryState::Waiting
    };
    let row = NewDayEntry {
        id: entry.id,
        target: entry.target,
        step: entry.step,
        misfit: found.err(),
        form: entry.written.as_ref().filter(|_| found.is_err()),
        noted_at: entry.noted_at,
        seen: entry.seen.map(|seen| (seen.starts_at, seen.ends_at)),
    };
    match tx.insert_day_entry(&row, state).await {
        Err(StoreError::Conflict(_)) => return Err(Failed::Race),
        other => other?,
    }
    if let Err(misfit) = found {
        tx.audit(
            "day_entry.kept",
            entry.target,
            json!({ "step": entry.step.name(), "misfit": misfit.name(), "notedAt": entry.noted_at }),
        );
    }
    finish(core, tx).await?;
    Ok(state.into())
}

/// The photos that came before an own entry.
pub(crate) async fn photos(tx: &mut TenantTx<'_, Staff>, id: DayEntryId) -> CoreResult<Vec<KeptPhoto>> {
    let found = tx.own_day_photos(id).await?;
    Ok(found
        .into_iter()
        .map(|photo| KeptPhoto {
            file_name: photo.file_name,
            size_bytes: photo.size_bytes,
            content_hash: photo.content_hash,
        })
        .collect())
}

/// How a step fits the visit as it is now, which is held until the end of the transaction.
async fn look(
    tx: &mut TenantTx<'_, Staff>,
    target: TargetId,
    step: &Step<'_>,
    seen: Option<SeenAppointment>,
    noted_at: DateTime<Utc>,
) -> CoreResult<Result<(DayStop, Fit), Misfit>> {
    let Some(stop) = own_stop(tx, target, step.kind(), seen).await? else {
        if !tx.had_visit(target).await? {
            return Err(CoreError::not_found());
        }
        let record = tx.target_record(target).await?.ok_or_else(CoreError::not_found)?;
        return Ok(Err(if record.status == TargetStatus::Cancelled {
            Misfit::Cancelled
        } else {
            Misfit::NotYours
        }));
    };
    if !tx.own_waiting_entries_of(target).await?.is_empty() {
        return Ok(Err(Misfit::AfterAnother));
    }
    Ok(fit(&stop, step, seen, Some(noted_at)).map(|fits| (stop, fits)))
}

/// A photo of an own entry.
///
/// # Errors
/// `not_found`.
pub async fn own_photo(core: &Core, by: Permit<'_, PerformVisits>, key: &str, position: i64) -> CoreResult<Download> {
    let id = read_key(key).map_err(|_| CoreError::not_found())?;
    let row = core.store.read(by.staff()).await?.own_photo_file(id, position).await?;
    fetch(core, by.staff(), row).await
}

/// A photo of an entry that was handed over.
///
/// # Errors
/// `not_found`.
pub async fn handed_over_photo(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    key: &str,
    position: i64,
) -> CoreResult<Download> {
    let id = read_key(key).map_err(|_| CoreError::not_found())?;
    let mut tx = core.store.read(by.staff()).await?;
    let row = tx.handed_over_photo_file(id, position).await?;
    drop(tx);
    fetch(core, by.staff(), row).await
}

/// Removes what is over and photos whose entry never came.
///
/// # Errors
/// The database does not answer.
pub async fn forget_old(core: &Core) -> CoreResult<()> {
    let now = core.clock.now();
    let mut tx = core.store.begin_system().await?;
    tx.forget_day_entries(now - KNOWN, now - PHOTO_WAITS).await?;
    Ok(tx.commit().await?)
}
