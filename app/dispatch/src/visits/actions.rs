//! Actions of the technician's day, from the pages and from the offline queue of a device.

use domain::drafts::DraftKey;
use domain::fields::FieldCode;
use domain::identity::permissions::{PerformVisits, PlanTargets};
use domain::ids::{StaffId, TargetId};
use domain::visits::day_entries::{DayStep, Filing, SeenAppointment, WrittenReport};
use domain::visits::notices::NoticeKind;
use domain::visits::reports::PhotoMark;
use http::header::{HeaderName, HeaderValue};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use leptos_axum::ResponseOptions;
use ordinavo_core::drafts;
use ordinavo_core::identity::actors::{Permit, Staff};
use ordinavo_core::visits;
use ordinavo_core::visits::entries;
use ordinavo_core::visits::entries::{EntryForm, EntryResult};
use ordinavo_core::visits::filing;
use ordinavo_core::visits::notices;
use ordinavo_core::visits::notices::{NoticeForm, QueuedNotice};
use ordinavo_core::visits::report;
use ordinavo_core::visits::report::{MAX_PHOTOS, SentPhoto};
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, respond, submit};
use ui::uploads::{self, UploadForm, submit_upload};

use crate::visits::notice_actions::{CannotDoForm, LateForm};

/// A button on the page of a stop.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StopButton {
    target: FormId<TargetId>,
    /// The appointment that the page showed.
    seen: String,
}

impl ActionForm for StopButton {
    fn back(&self) -> String {
        self.target.path_below("/app/day")
    }
}

#[server(prefix = "/app/fn", endpoint = "start-travel")]
pub async fn start_travel(#[server(flatten)] form: StopButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: StopButton| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        visits::start_travel(&core, permit, target, SeenAppointment::read(&form.seen)).await?;
        let done = if visits::is_visible_to_customer(&core, permit, target).await? {
            "done-en-route-visible"
        } else {
            "done-en-route"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "revert-travel")]
pub async fn revert_travel(#[server(flatten)] form: StopButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: StopButton| {
        visits::revert_travel(&core, staff.may::<PerformVisits>()?, form.target.get()?).await?;
        Ok(Redirect::to(form.back(), "done-travel-reverted"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "arrive")]
pub async fn arrive(#[server(flatten)] form: StopButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: StopButton| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        visits::arrive(&core, permit, target, SeenAppointment::read(&form.seen)).await?;
        Ok(Redirect::to(form.back(), "done-arrived"))
    })
    .await
}

/// The texts of a visit report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportFields {
    summary: String,
    internal_notes: String,
    work_minutes: String,
    material: String,
    signed_by: String,
    signature: String,
    follow_up: String,
    /// Whether the work is billed: `on` or absent.
    billable: Option<String>,
    /// Whether the work is complete: `on` or absent.
    completed: Option<String>,
}

impl From<ReportFields> for WrittenReport {
    fn from(fields: ReportFields) -> Self {
        Self {
            summary: fields.summary,
            internal_notes: fields.internal_notes,
            work_minutes: fields.work_minutes,
            material: fields.material,
            signed_by: fields.signed_by,
            signature: fields.signature,
            follow_up: fields.follow_up,
            billable: fields.billable.is_some(),
            completed: fields.completed.is_some(),
        }
    }
}

/// The form that submits a visit report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportForm {
    target: FormId<TargetId>,
    /// The appointment that the page showed.
    seen: String,
    /// What the photos show, in their order, separated by commas.
    photo_marks: String,
    #[serde(flatten)]
    report: ReportFields,
}

impl ActionForm for ReportForm {
    const NAME: &'static str = "report";

    fn back(&self) -> String {
        self.target.path_below("/app/day")
    }
}

impl UploadForm for ReportForm {
    const FILE_FIELD: &'static str = "photo";
    const MAX_FILES: usize = MAX_PHOTOS;
}

#[server(prefix = "/app/fn", endpoint = "submit-report", input = MultipartFormData)]
pub async fn file_report(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: ReportForm, files| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        let (back, seen) = (form.back(), SeenAppointment::read(&form.seen));
        let mut marks = form.photo_marks.split(',').map(PhotoMark::from_name);
        let photos = files.into_iter().map(|photo| SentPhoto {
            file_name: photo.file_name,
            bytes: photo.bytes,
            mark: marks.next().flatten(),
        });
        let photos = photos.collect();
        report::submit_report(&core, permit, target, seen, &form.report.into(), photos).await?;
        Ok(Redirect::to(back, "done-report-submitted"))
    })
    .await
}

/// An entry of a device's offline queue.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QueuedEntry {
    key: String,
    person: String,
    target: String,
    step: String,
    noted_at: String,
    seen: String,
    photos: String,
    /// Why a visit cannot take place.
    reason: String,
    /// What a notice to dispatch says in words.
    text: String,
    /// The expected delay.
    minutes: String,
    #[serde(flatten)]
    report: ReportFields,
}

impl UploadForm for QueuedEntry {}

/// The header that says whether a customer can see the step that an entry has recorded.
const VISIBLE_HEADER: HeaderName = HeaderName::from_static("x-visible-to-customer");

/// Processes an entry of a device's offline queue; the result is `done` or `waiting`.
#[server(prefix = "/app/fn", endpoint = "send-entry", input = MultipartFormData)]
pub async fn send_entry(data: MultipartData) -> Result<String, ServerFnError> {
    let received = uploads::receive::<QueuedEntry>(data).await;
    let response = use_context::<ResponseOptions>();
    respond(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        let (entry, _) = received.complete()?;
        if let Some(kind) = NoticeKind::from_name(&entry.step) {
            let form = match kind {
                NoticeKind::CannotDo => CannotDoForm::NAME,
                NoticeKind::Late => LateForm::NAME,
            };
            let page = entry.target.parse::<TargetId>().ok().map(|id| format!("/app/day/{id}"));
            let draft = page.and_then(|page| DraftKey::new(&page, form));
            let result = send_notice(&core, permit, entry).await?;
            if let Some(draft) = draft {
                drafts::discard(&core, &staff, &draft).await?;
            }
            return Ok(result);
        }
        let entry = EntryForm {
            key: entry.key,
            person: entry.person,
            target: entry.target,
            step: entry.step,
            noted_at: entry.noted_at,
            seen: entry.seen,
            photos: entry.photos,
            report: entry.report.into(),
        };
        let page = entry.target.parse::<TargetId>().ok().map(|id| format!("/app/day/{id}"));
        let draft = page.and_then(|page| DraftKey::new(&page, ReportForm::NAME));
        let is_report = entry.step == DayStep::Report.name();
        let travels_to = Some(&entry.target).filter(|_| entry.step == DayStep::StartTravel.name());
        let travels_to = travels_to.and_then(|target| target.parse::<TargetId>().ok());
        let result = entries::submit(&core, permit, entry).await?;
        if let Some((target, response)) = travels_to.zip(response)
            && result == EntryResult::Done
            // The entry is recorded even if the visit is a colleague's by now.
            && visits::is_visible_to_customer(&core, permit, target).await.unwrap_or(false)
        {
            response.insert_header(VISIBLE_HEADER, HeaderValue::from_static("yes"));
        }
        if let Some(draft) = draft.filter(|_| is_report) {
            drafts::discard(&core, &staff, &draft).await?;
        }
        Ok(result_name(result))
    })
    .await
}

fn result_name(result: EntryResult) -> String {
    match result {
        EntryResult::Done => "done".to_owned(),
        EntryResult::Waiting => "waiting".to_owned(),
    }
}

/// Receives a notice to dispatch from the offline queue.
async fn send_notice(core: &Core, permit: Permit<'_, PerformVisits>, entry: QueuedEntry) -> CoreResult<String> {
    let target = entry.target.parse::<TargetId>().map_err(|_| CoreError::not_found())?;
    let notice = QueuedNotice {
        key: entry.key,
        person: entry.person,
        noted_at: entry.noted_at,
        seen: entry.seen,
        form: NoticeForm {
            kind: entry.step,
            reason: entry.reason,
            text: entry.text,
            minutes: entry.minutes,
        },
    };
    Ok(result_name(notices::submit(core, permit, target, &notice).await?))
}

/// A photo of a queued report.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QueuedPhoto {
    key: String,
    person: String,
    position: String,
    /// What the photo shows; empty if that was not chosen.
    mark: String,
}

impl UploadForm for QueuedPhoto {
    const FILE_FIELD: &'static str = "photo";
    const MAX_FILES: usize = 1;
}

/// Stores one photo of a queued report, before the report itself is sent.
#[server(prefix = "/app/fn", endpoint = "send-photo", input = MultipartFormData)]
pub async fn send_photo(data: MultipartData) -> Result<String, ServerFnError> {
    let received = uploads::receive::<QueuedPhoto>(data).await;
    respond(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        let (photo, mut files) = received.complete()?;
        let file = files
            .pop()
            .ok_or_else(|| CoreError::field("photo", FieldCode::Required))?;
        let content = SentPhoto {
            file_name: file.file_name,
            bytes: file.bytes,
            mark: PhotoMark::from_name(&photo.mark),
        };
        entries::upload_photo(&core, permit, &photo.key, &photo.person, &photo.position, content).await?;
        Ok("done".to_owned())
    })
    .await
}

/// A button that decides on the queued entries of a technician's own stop.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct QueuedEntriesButton {
    target: FormId<TargetId>,
    /// The entries that the page showed.
    entries: String,
}

impl ActionForm for QueuedEntriesButton {
    fn back(&self) -> String {
        "/app/day/sync-conflicts".to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "keep-my-entries")]
pub async fn keep_my_entries(#[server(flatten)] form: QueuedEntriesButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: QueuedEntriesButton| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        sync_conflicts::keep_mine(&core, permit, target, &form.entries).await?;
        Ok(Redirect::to(form.back(), "done-entries-kept"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "send-entries-to-dispatch")]
pub async fn hand_over_my_entries(#[server(flatten)] form: QueuedEntriesButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: QueuedEntriesButton| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        sync_conflicts::forward(&core, permit, target, &form.entries).await?;
        Ok(Redirect::to(form.back(), "done-entries-sent-to-dispatch"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "discard-my-entries")]
pub async fn discard_my_entries(#[server(flatten)] form: QueuedEntriesButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: QueuedEntriesButton| {
        let (permit, target) = (staff.may::<PerformVisits>()?, form.target.get()?);
        sync_conflicts::discard(&core, permit, target, &form.entries).await?;
        Ok(Redirect::to(form.back(), "done-entries-discarded"))
    })
    .await
}

/// The buttons that decide about the entries that a technician has forwarded to dispatch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ForwardedEntriesButton {
    target: FormId<TargetId>,
    technician: FormId<StaffId>,
    /// What becomes of them, as the name of a [`Filing`].
    filing: String,
    /// The entries that the page showed.
    entries: String,
}

impl ActionForm for ForwardedEntriesButton {
    fn back(&self) -> String {
        self.target.path_below("/app/targets")
    }
}

#[server(prefix = "/app/fn", endpoint = "resolve-sync-conflict")]
pub async fn settle_entries(#[server(flatten)] form: ForwardedEntriesButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: ForwardedEntriesButton| {
        let (permit, target) = (staff.may::<PlanTargets>()?, form.target.get()?);
        let filing = Filing::from_name(&form.filing).ok_or_else(CoreError::not_found)?;
        filing::file(&core, permit, target, form.technician.get()?, &form.entries, filing).await?;
        Ok(Redirect::to(form.back(), "done-entries-resolved"))
    })
    .await
}
