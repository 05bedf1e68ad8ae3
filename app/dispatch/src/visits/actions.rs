//! Actions of the technician's day, from the pages and from the offline queue of a device.

use domain::fields::FieldCode;
use domain::identity::permissions::{PerformVisits, PlanTargets};
use domain::ids::TargetId;
use domain::visits::day_entries::{SeenAppointment, WrittenReport};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::visits;
use ordinavo_core::visits::entries;
use ordinavo_core::visits::entries::{EntryForm, EntryResult};
use ordinavo_core::visits::report;
use ordinavo_core::visits::report::MAX_PHOTOS;
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, FormSubmission, Redirect, respond, run_action, submit};
use ui::uploads::{self, FormParts};

fn parse_target_id(text: &str) -> Result<TargetId, CoreError> {
    text.parse().map_err(|_| CoreError::not_found())
}

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
        Ok(Redirect::to(form.back(), "done-en-route"))
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

/// Reads the texts of a report, without photos.
fn read_report(parts: &FormParts) -> WrittenReport {
    WrittenReport {
        summary: parts.text("summary"),
        internal_notes: parts.text("internal_notes"),
        work_minutes: parts.text("work_minutes"),
        material: parts.text("material"),
        signed_by: parts.text("signed_by"),
        signature: parts.text("signature"),
        follow_up: parts.text("follow_up"),
        billable: parts.fields.contains_key("billable"),
        completed: parts.fields.contains_key("completed"),
    }
}

fn ensure_complete(parts: &FormParts) -> Result<(), CoreError> {
    if parts.is_incomplete {
        Err(CoreError::field("photo", FieldCode::UploadInterrupted))
    } else {
        Ok(())
    }
}

#[server(prefix = "/app/fn", endpoint = "submit-report", input = MultipartFormData)]
pub async fn file_report(data: MultipartData) -> Result<(), ServerFnError> {
    let mut parts = uploads::read(data, "photo", MAX_PHOTOS).await;
    let files = std::mem::take(&mut parts.files);
    let photos = files.into_iter().map(|photo| (photo.file_name, photo.bytes)).collect();
    let back = format!("/app/day/{}", parts.text("target"));
    let values = parts.values();
    let submission = FormSubmission {
        form: "report",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        ensure_complete(&parts)?;
        let (target, seen) = (
            parse_target_id(&parts.text("target"))?,
            SeenAppointment::read(&parts.text("seen")),
        );
        report::submit_report(&core, permit, target, seen, &read_report(&parts), photos).await?;
        Ok(Redirect::to(back, "done-report-submitted"))
    })
    .await
}

/// Processes an entry of a device's offline queue; the result is `done` or `waiting`.
#[server(prefix = "/app/fn", endpoint = "send-entry", input = MultipartFormData)]
pub async fn send_entry(data: MultipartData) -> Result<String, ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    respond(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        ensure_complete(&parts)?;
        let entry = EntryForm {
            key: parts.text("key"),
            person: parts.text("person"),
            target: parts.text("target"),
            step: parts.text("step"),
            noted_at: parts.text("noted_at"),
            seen: parts.text("seen"),
            photos: parts.text("photos"),
            report: read_report(&parts),
        };
        Ok(match entries::submit(&core, permit, entry).await? {
            EntryResult::Done => "done".to_owned(),
            EntryResult::Waiting => "waiting".to_owned(),
        })
    })
    .await
}

/// Stores one photo of a queued report, before the report itself is sent.
#[server(prefix = "/app/fn", endpoint = "send-photo", input = MultipartFormData)]
pub async fn send_photo(data: MultipartData) -> Result<String, ServerFnError> {
    let mut parts = uploads::read(data, "photo", 1).await;
    let file = parts.files.pop();
    respond(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        ensure_complete(&parts)?;
        let file = file.ok_or_else(|| CoreError::field("photo", FieldCode::Required))?;
        let (key, person, position) = (parts.text("key"), parts.text("person"), parts.text("position"));
        entries::upload_photo(&core, permit, &key, &person, &position, (file.file_name, file.bytes)).await?;
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

/// The button that marks the entries forwarded to dispatch as resolved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ForwardedEntriesButton {
    target: FormId<TargetId>,
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
        sync_conflicts::mark_resolved(&core, permit, target, &form.entries).await?;
        Ok(Redirect::to(form.back(), "done-entries-resolved"))
    })
    .await
}
