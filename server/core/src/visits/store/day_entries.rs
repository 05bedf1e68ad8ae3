//! What phones have sent of My day: each entry once, and its photos, which come before it.

use chrono::{DateTime, Utc};
use domain::day_entries::{DayEntryState, DayStep, Misfit, WrittenReport};
use domain::ids::{DayEntryId, DayEntryKind, StaffId, StaffKind, TargetId, TargetKind};
use domain::targets::TargetStatus;
use sqlx::FromRow;
use sqlx::types::Json;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::Staff;
use crate::visits::store::reports::FileRow;

/// An entry that was kept.
#[derive(Debug, Clone, FromRow)]
pub struct DayEntryView {
    /// The key that the phone made.
    pub id: Key<DayEntryKind>,
    /// Whose it is.
    pub technician_id: Key<StaffKind>,
    /// The technician's name.
    pub technician: String,
    /// The visit's job.
    pub target_id: Key<TargetKind>,
    /// The job's number.
    pub number: i64,
    /// The customer's name.
    pub customer_name: Option<String>,
    /// The job's state now.
    #[sqlx(try_from = "String")]
    pub target_status: TargetStatus,
    /// What was noted.
    #[sqlx(try_from = "String")]
    pub step: DayStep,
    /// What became of it.
    #[sqlx(try_from = "String")]
    pub state: DayEntryState,
    /// Why it did not fit, as stored.
    pub misfit: Option<String>,
    /// What was written, for as long as somebody has to decide.
    pub form: Option<Json<WrittenReport>>,
    /// When the phone noted it.
    pub noted_at: DateTime<Utc>,
    /// When it arrived.
    pub received_at: DateTime<Utc>,
    /// The beginning of the appointment that was on the screen.
    pub seen_from: Option<DateTime<Utc>>,
    /// Its end.
    pub seen_until: Option<DateTime<Utc>>,
}

impl DayEntryView {
    /// Why it did not fit.
    pub fn reason(&self) -> Option<Misfit> {
        Misfit::from_name(self.misfit.as_deref()?)
    }
}

/// An entry to keep.
pub(crate) struct NewDayEntry<'a> {
    pub id: DayEntryId,
    pub target: TargetId,
    pub step: DayStep,
    pub misfit: Option<Misfit>,
    pub form: Option<&'a WrittenReport>,
    pub noted_at: DateTime<Utc>,
    pub seen: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// A photo that is kept for an entry.
#[derive(Debug, Clone, FromRow)]
pub struct DayPhoto {
    /// The key of its entry.
    pub entry_id: Key<DayEntryKind>,
    /// Its place among the photos of the entry, from 0.
    pub position: i64,
    /// Its name.
    pub file_name: String,
    /// Bytes.
    pub size_bytes: i64,
    /// Under which it is kept.
    pub content_hash: Vec<u8>,
}

const INSERT: &str = "INSERT INTO day_entry (tenant_id, id, technician_id, target_id, step, state, misfit, form, noted_at, received_at, seen_from, seen_until) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
macro_rules! view {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.technician_id, s.display_name AS technician, e.target_id, t.number, c.name AS customer_name, t.status AS target_status, e.step, e.state, e.misfit, e.form, e.noted_at, e.received_at, e.seen_from, e.seen_until \
             FROM day_entry e JOIN staff_account s ON s.tenant_id = e.tenant_id AND s.id = e.technician_id \
             JOIN target t ON t.tenant_id = e.tenant_id AND t.id = e.target_id \
             LEFT JOIN customer c ON c.tenant_id = t.tenant_id AND c.id = t.customer_id WHERE e.tenant_id = $1 ",
            $rest
        )
    };
}
const ONE: &str = view!("AND e.id = $2");
/// In the order in which they came, which is the order in which one phone noted them; its clock may have been set back.
const OWN_WAITING: &str = view!(
    "AND e.technician_id = $2 AND e.state = 'waiting' ORDER BY e.target_id, e.received_at, e.noted_at, e.id LIMIT 200"
);
const OWN_WAITING_OF_TARGET: &str = view!(
    "AND e.technician_id = $2 AND e.target_id = $3 AND e.state = 'waiting' ORDER BY e.received_at, e.noted_at, e.id LIMIT 50"
);
const COUNT_OWN_WAITING: &str =
    "SELECT count(*) FROM day_entry WHERE tenant_id = $1 AND technician_id = $2 AND state = 'waiting'";
const HANDED_OVER: &str = view!(
    "AND e.target_id = $2 AND e.state = 'handed_over' ORDER BY s.display_name, e.technician_id, e.received_at, e.noted_at, e.id LIMIT 50"
);
const WITH_HANDED_OVER: &str = "SELECT DISTINCT e.target_id, t.number FROM day_entry e JOIN target t ON t.tenant_id = e.tenant_id AND t.id = e.target_id \
    WHERE e.tenant_id = $1 AND e.state = 'handed_over' ORDER BY t.number LIMIT 50";
const HAD_VISIT: &str =
    "SELECT id FROM appointment WHERE tenant_id = $1 AND technician_id = $2 AND target_id = $3 LIMIT 1";
const END: &str = "UPDATE day_entry SET state = $4, form = CASE WHEN $4 IN ('handed_over', 'settled') THEN form ELSE NULL END WHERE tenant_id = $1 AND id = $2 AND state = $3";
const INSERT_PHOTO: &str = "INSERT INTO day_photo (tenant_id, entry_id, position, technician_id, file_name, size_bytes, content_hash, created_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, entry_id, position) DO NOTHING";
macro_rules! photos {
    ($rest:literal) => {
        concat!(
            "SELECT p.entry_id, p.position, p.file_name, p.size_bytes, p.content_hash FROM day_photo p ",
            $rest
        )
    };
}
const PHOTOS: &str =
    photos!("WHERE p.tenant_id = $1 AND p.entry_id = $2 AND p.technician_id = $3 ORDER BY p.position LIMIT 50");
const PHOTOS_OF_WAITING: &str = photos!(
    "JOIN day_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id \
     WHERE p.tenant_id = $1 AND e.technician_id = $2 AND e.state = 'waiting' ORDER BY p.entry_id, p.position LIMIT 2000"
);
const PHOTOS_OF_HANDED_OVER: &str = photos!(
    "JOIN day_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id \
     WHERE p.tenant_id = $1 AND e.target_id = $2 AND e.state = 'handed_over' ORDER BY p.entry_id, p.position LIMIT 500"
);
const PHOTO_OWNER: &str = "SELECT technician_id FROM day_photo WHERE tenant_id = $1 AND entry_id = $2 LIMIT 1";
macro_rules! photo_file {
    ($rest:literal) => {
        concat!(
            "SELECT p.file_name, 'image/jpeg' AS media_type, p.content_hash FROM day_photo p JOIN day_entry e ON e.tenant_id = p.tenant_id AND e.id = p.entry_id \
             WHERE p.tenant_id = $1 AND p.entry_id = $2 AND p.position = $3 AND ",
            $rest
        )
    };
}
const OWN_PHOTO_FILE: &str = photo_file!("e.technician_id = $4 AND e.state <> 'discarded'");
const HANDED_OVER_PHOTO_FILE: &str = photo_file!("e.state IN ('handed_over', 'settled')");
const DROP_PHOTOS: &str = "DELETE FROM day_photo WHERE tenant_id = $1 AND entry_id = $2";
const FORGET_PHOTOS: &str = "DELETE FROM day_photo WHERE created_at < $1 AND NOT EXISTS (SELECT 1 FROM day_entry e WHERE e.tenant_id = day_photo.tenant_id AND e.id = day_photo.entry_id AND e.state IN ('waiting', 'handed_over'))";
const FORGET: &str = "DELETE FROM day_entry WHERE received_at < $1 AND state NOT IN ('waiting', 'handed_over')";

impl TenantTx<'_, Staff> {
    fn own(&self) -> uuid::Uuid {
        self.actor.id().uuid()
    }

    /// Keeps an entry; a second one under the same key is a conflict.
    pub(crate) async fn insert_day_entry(
        &mut self,
        new: &NewDayEntry<'_>,
        state: DayEntryState,
    ) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        run!(
            &mut self.tx,
            INSERT,
            tenant,
            new.id.uuid(),
            own,
            new.target.uuid(),
            new.step.name(),
            state.name(),
            new.misfit.map(Misfit::name),
            new.form.map(Json),
            new.noted_at,
            now,
            new.seen.map(|seen| seen.0),
            new.seen.map(|seen| seen.1)
        )
        .map(drop)
    }

    /// An entry of anybody; whose it is must be asked.
    pub(crate) async fn day_entry(&mut self, id: DayEntryId) -> Result<Option<DayEntryView>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, DayEntryView, ONE, tenant, id.uuid())
    }

    /// What waits for the technician who asks.
    pub(crate) async fn own_waiting_entries(&mut self) -> Result<Vec<DayEntryView>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        all!(&mut self.tx, DayEntryView, OWN_WAITING, tenant, own)
    }

    /// The same of one visit, in the order in which it was noted.
    pub(crate) async fn own_waiting_entries_of(&mut self, target: TargetId) -> Result<Vec<DayEntryView>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        all!(
            &mut self.tx,
            DayEntryView,
            OWN_WAITING_OF_TARGET,
            tenant,
            own,
            target.uuid()
        )
    }

    /// How many entries wait for the technician who asks.
    pub(crate) async fn count_own_waiting_entries(&mut self) -> Result<i64, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        let (count,) = one!(&mut self.tx, (i64,), COUNT_OWN_WAITING, tenant, own)?;
        Ok(count)
    }

    /// What technicians have handed over about a job.
    pub(crate) async fn handed_over_entries(&mut self, target: TargetId) -> Result<Vec<DayEntryView>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, DayEntryView, HANDED_OVER, tenant, target.uuid())
    }

    /// The jobs about which something was handed over.
    pub(crate) async fn targets_with_handed_over(&mut self) -> Result<Vec<(Key<TargetKind>, i64)>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, (Key<TargetKind>, i64), WITH_HANDED_OVER, tenant)
    }

    /// Whether a job was ever planned for the technician who asks.
    pub(crate) async fn had_visit(&mut self, target: TargetId) -> Result<bool, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        Ok(maybe!(&mut self.tx, (uuid::Uuid,), HAD_VISIT, tenant, own, target.uuid())?.is_some())
    }

    /// Takes an entry from one state to another; false if it is not there any more. What was written is kept only for
    /// whoever has to decide.
    pub(crate) async fn end_day_entry(
        &mut self,
        id: DayEntryId,
        from: DayEntryState,
        to: DayEntryState,
    ) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        Ok(run!(&mut self.tx, END, tenant, id.uuid(), from.name(), to.name())? == 1)
    }

    /// Keeps a photo of an entry that is still to come; one that is there stays as it is.
    pub(crate) async fn insert_day_photo(&mut self, photo: &DayPhoto) -> Result<(), StoreError> {
        let (tenant, own, now) = (self.tenant(), self.own(), self.now);
        run!(
            &mut self.tx,
            INSERT_PHOTO,
            tenant,
            photo.entry_id.0.uuid(),
            photo.position,
            own,
            &photo.file_name,
            photo.size_bytes,
            &photo.content_hash,
            now
        )
        .map(drop)
    }

    /// Whose the photos under a key are, if there are some.
    pub(crate) async fn day_photo_owner(&mut self, entry: DayEntryId) -> Result<Option<StaffId>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Key<StaffKind>,), PHOTO_OWNER, tenant, entry.uuid())?.map(|(key,)| key.0))
    }

    /// The photos of an own entry.
    pub(crate) async fn own_day_photos(&mut self, entry: DayEntryId) -> Result<Vec<DayPhoto>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        all!(&mut self.tx, DayPhoto, PHOTOS, tenant, entry.uuid(), own)
    }

    /// The photos of everything that waits for the technician who asks.
    pub(crate) async fn photos_of_waiting(&mut self) -> Result<Vec<DayPhoto>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        all!(&mut self.tx, DayPhoto, PHOTOS_OF_WAITING, tenant, own)
    }

    /// The photos of what was handed over about a job.
    pub(crate) async fn photos_of_handed_over(&mut self, target: TargetId) -> Result<Vec<DayPhoto>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, DayPhoto, PHOTOS_OF_HANDED_OVER, tenant, target.uuid())
    }

    /// Where a photo of an own entry is, as long as the entry is not dropped.
    pub(crate) async fn own_photo_file(
        &mut self,
        entry: DayEntryId,
        position: i64,
    ) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own) = (self.tenant(), self.own());
        maybe!(
            &mut self.tx,
            FileRow,
            OWN_PHOTO_FILE,
            tenant,
            entry.uuid(),
            position,
            own
        )
    }

    /// Drops the photos of an entry.
    pub(crate) async fn drop_day_photos(&mut self, entry: DayEntryId) -> Result<(), StoreError> {
        let tenant = self.tenant();
        run!(&mut self.tx, DROP_PHOTOS, tenant, entry.uuid())?;
        Ok(())
    }

    /// Where a photo is that was handed over.
    pub(crate) async fn handed_over_photo_file(
        &mut self,
        entry: DayEntryId,
        position: i64,
    ) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        maybe!(
            &mut self.tx,
            FileRow,
            HANDED_OVER_PHOTO_FILE,
            tenant,
            entry.uuid(),
            position
        )
    }
}

impl SystemTx<'_> {
    /// Removes entries that are over and photos whose entry never came.
    pub(crate) async fn forget_day_entries(
        &mut self,
        entries_before: DateTime<Utc>,
        photos_before: DateTime<Utc>,
    ) -> Result<u64, StoreError> {
        let entries = run!(&mut self.tx, FORGET, entries_before)?;
        let photos = run!(&mut self.tx, FORGET_PHOTOS, photos_before)?;
        Ok(entries + photos)
    }
}
