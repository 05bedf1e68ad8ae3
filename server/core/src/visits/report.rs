//! Validates and submits visit reports with their photos.

use chrono::{DateTime, Utc};
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::files::FileOwner;
use domain::identity::permissions::PerformVisits;
use domain::ids::{AppointmentId, StaffId, TargetId, VisitReportId};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::problems::{Cause, Record};
use domain::text;
use domain::visits::day_entries::{DayStep, SeenAppointment, StepCheck, WrittenReport};
use domain::visits::reports::{self, MAX_MATERIAL_LINE_CHARS, MAX_MATERIAL_LINES, PhotoMark};
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::files::{self, NewBlob, Sender, check_photo, clean_photo};
use crate::follow_ups;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::visits::model::DayStop;
use crate::visits::store::reports::{NewAttachment, NewReport};
use crate::visits::{Step, emit, fit, move_target, note, own_stop, refusal, stop_of};
use crate::{Core, CoreError, CoreResult};

/// The longest summary and internal notes, in characters.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// Maximum number of photos of a report.
pub const MAX_PHOTOS: usize = 10;
/// The longest follow-up description, in characters.
pub const MAX_FOLLOW_UP_CHARS: usize = 500;
/// The longest name of the signer, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest work time, in minutes.
pub const MAX_WORK_MINUTES: i64 = 24 * 60;

/// A validated report.
pub(crate) struct Report {
    completed: bool,
    summary: String,
    internal_notes: Option<String>,
    work_minutes: i64,
    material: Option<String>,
    signed_by: Option<String>,
    signature: Option<String>,
    billable: bool,
    follow_up: Option<String>,
    pub(crate) photos: Vec<StoredPhoto>,
}

impl Report {
    pub(crate) const fn work_minutes(&self) -> i64 {
        self.work_minutes
    }

    /// Returns the row of the report of a visit, which is an appointment and the technician who made it.
    pub(crate) fn row(
        &self,
        id: VisitReportId,
        target: TargetId,
        (appointment, technician): (AppointmentId, StaffId),
        written_at: Option<DateTime<Utc>>,
    ) -> NewReport<'_> {
        NewReport {
            id,
            target,
            appointment,
            technician,
            summary: &self.summary,
            internal_notes: self.internal_notes.as_deref(),
            work_minutes: self.work_minutes,
            billable: self.billable,
            follow_up: self.follow_up.as_deref(),
            material: self.material.as_deref(),
            signed_by: self.signed_by.as_deref(),
            signature: self.signature.as_deref(),
            written_at,
        }
    }

    /// Returns the status of the target after the report.
    pub(crate) const fn end(&self) -> TargetStatus {
        if self.completed {
            TargetStatus::Completed
        } else {
            TargetStatus::NotCompleted
        }
    }
}

/// A photo in the file store, addressed by its SHA-256.
#[derive(Debug, Clone)]
pub(crate) struct StoredPhoto {
    pub(crate) file_name: String,
    pub(crate) size_bytes: i64,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) mark: Option<PhotoMark>,
}

/// A photo as it was sent.
#[derive(Debug)]
pub struct SentPhoto {
    pub file_name: String,
    pub bytes: Vec<u8>,
    pub mark: Option<PhotoMark>,
}

/// Validates the form of a report.
///
/// # Errors
/// Fields `summary`, `internal_notes`, `work_minutes`, `material`, `signed_by`, `signature`, `follow_up`.
pub(crate) fn read(written: &WrittenReport) -> CoreResult<Report> {
    let mut form = Form::default();
    let summary = form.text(
        "summary",
        MAX_TEXT_CHARS,
        text::paragraphs(&written.summary, MAX_TEXT_CHARS),
    );
    let internal_notes = form
        .text(
            "internal_notes",
            MAX_TEXT_CHARS,
            text::optional_paragraphs(&written.internal_notes, MAX_TEXT_CHARS),
        )
        .flatten();
    let follow_up = form
        .text(
            "follow_up",
            MAX_FOLLOW_UP_CHARS,
            text::optional_paragraphs(&written.follow_up, MAX_FOLLOW_UP_CHARS),
        )
        .flatten();
    let signed_by = form
        .text(
            "signed_by",
            MAX_NAME_CHARS,
            text::optional_line(&written.signed_by, MAX_NAME_CHARS),
        )
        .flatten();
    let work_minutes = written
        .work_minutes
        .trim()
        .parse::<i64>()
        .ok()
        .filter(|minutes| (0..=MAX_WORK_MINUTES).contains(minutes));
    if work_minutes.is_none() {
        form.add_error(
            "work_minutes",
            FieldCode::InvalidNumber {
                min: 0,
                max: MAX_WORK_MINUTES,
            },
        );
    }
    let material = reports::material(&written.material);
    if material.is_none() {
        form.add_error(
            "material",
            FieldCode::InvalidMaterial {
                max: MAX_MATERIAL_LINES,
                max_chars: MAX_MATERIAL_LINE_CHARS,
            },
        );
    }
    let signature = Some(written.signature.trim()).filter(|signature| !signature.is_empty());
    if signature.is_some_and(|signature| !reports::is_signature(signature)) {
        form.add_error("signature", FieldCode::InvalidSignature);
    }
    form.finish()?;
    let (Some(summary), Some(work_minutes)) = (summary, work_minutes) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let material = material.filter(|lines| !lines.is_empty());
    Ok(Report {
        completed: written.completed,
        summary,
        internal_notes,
        work_minutes,
        material: material.map(|lines| reports::material_text(&lines)),
        signed_by,
        signature: signature.map(str::to_owned),
        billable: written.billable,
        follow_up,
        photos: Vec::new(),
    })
}

/// Submits the report of a visit, or resubmits a returned one. Photos are stored before the transaction; after a crash
/// between the two, the sweeper deletes them.
///
/// # Errors
/// Invalid fields; `illegal_transition` unless the target is on site or the report was returned;
/// `concurrent_modification` if the appointment is not the one shown in the form.
pub async fn submit_report(
    core: &Core,
    by: Permit<'_, PerformVisits>,
    id: TargetId,
    seen: Option<SeenAppointment>,
    written: &WrittenReport,
    photos: Vec<SentPhoto>,
) -> CoreResult<VisitReportId> {
    let mut report = read(written)?;
    if photos.len() > MAX_PHOTOS {
        return Err(too_many_photos());
    }
    // Check before the expensive decoding of photos, and again inside the transaction.
    let found = {
        let mut tx = core.store.read(by.staff()).await?;
        let found = stop_of(&mut tx, id, DayStep::Report, seen).await?;
        found.ok_or_else(CoreError::not_found)?
    };
    fit(&found, &Step::Report(&report), seen, None)
        .map_err(|reason| refusal(&found, &Step::Report(&report), reason))?;
    report.photos = store_photos(core, by.staff(), photos).await?;
    let mut tx = core.store.begin(by.staff()).await?;
    let stop = own_stop(&mut tx, id, DayStep::Report, seen)
        .await?
        .ok_or_else(CoreError::not_found)?;
    let fits = fit(&stop, &Step::Report(&report), seen, None);
    if fits != Ok(StepCheck::Applicable) {
        return Err(fits.map_or_else(
            |reason| refusal(&stop, &Step::Report(&report), reason),
            |_| CoreError::not_found(),
        ));
    }
    keep_photos(&mut tx, &report.photos).await?;
    let report_id = store_report(&mut tx, &stop, &report, None).await?;
    finish(core, tx).await?;
    Ok(report_id)
}

pub(crate) fn too_many_photos() -> CoreError {
    CoreError::field("photo", FieldCode::TooManyFiles { max: MAX_PHOTOS })
}

/// Stores a report that was checked with [`fit`]. `noted_at` is the time at which an offline report was written.
pub(crate) async fn store_report(
    tx: &mut TenantTx<'_, Staff>,
    stop: &DayStop,
    report: &Report,
    noted_at: Option<DateTime<Utc>>,
) -> CoreResult<VisitReportId> {
    let id = stop.target_id;
    let report_id = stop.report_id.unwrap_or_else(|| tx.new_id());
    let visit = (stop.appointment_id, tx.staff().id());
    let row = report.row(report_id, id, visit, noted_at);
    if stop.is_returned() {
        if !tx.resubmit_report(&row).await? {
            return Err(CoreError::conflict(Record::Report));
        }
    } else {
        move_target(tx, stop, stop.status, report.end(), noted_at).await?;
        tx.close_planned_appointment(id, AppointmentStatus::Done).await?;
        tx.insert_report(&row).await?;
        if report.completed {
            follow_ups::mark_done(tx, id).await?;
        }
        if report.completed && stop.is_shared {
            note(tx, id, TimelineKind::VisitCompleted, noted_at).await?;
        }
        let kind = if report.completed {
            EventType::TargetCompleted
        } else {
            EventType::TargetUpdated
        };
        emit(tx, kind, id, report.end()).await?;
    }
    for photo in &report.photos {
        let file = NewAttachment {
            file_name: &photo.file_name,
            size_bytes: photo.size_bytes,
            content_hash: &photo.content_hash,
            mark: photo.mark,
        };
        tx.insert_attachment(row.id, &file).await?;
    }
    tx.audit(
        "visit_report.submitted",
        row.id,
        json!({ "target": id, "photos": report.photos.len(), "notedAt": noted_at }),
    );
    Ok(row.id)
}

/// Validates and re-encodes photos on the decoding threads, then stores them.
pub(crate) async fn store_photos(core: &Core, staff: &Staff, photos: Vec<SentPhoto>) -> CoreResult<Vec<StoredPhoto>> {
    photos.iter().try_for_each(|photo| check_photo(&photo.bytes))?;
    if photos.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = photos.iter().map(|photo| photo.bytes.len()).sum();
    let marks: Vec<Option<PhotoMark>> = photos.iter().map(|photo| photo.mark).collect();
    files::ensure_room(core, staff, FileOwner::Visit, bytes).await?;
    let clean = core
        .files
        .decode(Sender::Account, move || {
            photos
                .iter()
                .map(|photo| clean_photo(&photo.file_name, &photo.bytes))
                .collect::<CoreResult<Vec<_>>>()
        })
        .await?;
    files::store(core, staff, FileOwner::Visit, clean.iter().map(NewBlob::from).collect()).await?;
    let stored = clean.into_iter().zip(marks).map(|(photo, mark)| StoredPhoto {
        size_bytes: i64::try_from(photo.bytes.len()).unwrap_or(i64::MAX),
        file_name: photo.file_name,
        content_hash: photo.content_hash,
        mark,
    });
    Ok(stored.collect())
}

/// Marks photos as named by rows of the same transaction.
pub(crate) async fn keep_photos(tx: &mut TenantTx<'_, Staff>, photos: &[StoredPhoto]) -> CoreResult<()> {
    files::keep(tx, photos.iter().map(|photo| photo.content_hash.as_slice())).await
}
