//! Actions of the technician's day, from the pages and from the offline queue of a device.

use domain::day_entries::{SeenAppointment, WrittenReport};
use domain::fields::FieldCode;
use domain::ids::TargetId;
use domain::permissions::{PerformVisits, PlanTargets};
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
use ui::actions::{FormSubmission, Redirect, respond, run_action};
use ui::uploads::{self, FormParts};

fn parse_target_id(text: &str) -> Result<TargetId, CoreError> {
    text.parse().map_err(|_| CoreError::not_found())
}

fn button_submission(back: &str) -> FormSubmission<'static> {
    FormSubmission {
        form: "",
        values: &[],
        back: back.to_owned(),
    }
}

#[server(prefix = "/app/fn", endpoint = "set-out")]
pub async fn start_travel(
    #[server(default)] target: String,
    #[server(default)] seen: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    run_action(button_submission(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        visits::start_travel(&core, permit, parse_target_id(&target)?, SeenAppointment::read(&seen)).await?;
        Ok(Redirect::to(back, "done-en-route"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "arrive")]
pub async fn arrive(#[server(default)] target: String, #[server(default)] seen: String) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    run_action(button_submission(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        visits::arrive(&core, permit, parse_target_id(&target)?, SeenAppointment::read(&seen)).await?;
        Ok(Redirect::to(back, "done-arrived"))
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

#[server(prefix = "/app/fn", endpoint = "file-report", input = MultipartFormData)]
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

#[server(prefix = "/app/fn", endpoint = "use-my-entries")]
pub async fn keep_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    run_action(button_submission("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::keep_mine(
            &core,
            staff.may::<PerformVisits>()?,
            parse_target_id(&target)?,
            &entries,
        )
        .await?;
        Ok(Redirect::to("/app/day/kept", "done-entries-kept"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "hand-over-my-entries")]
pub async fn hand_over_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    run_action(button_submission("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::forward(
            &core,
            staff.may::<PerformVisits>()?,
            parse_target_id(&target)?,
            &entries,
        )
        .await?;
        Ok(Redirect::to("/app/day/kept", "done-entries-sent-to-dispatch"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "discard-my-entries")]
pub async fn discard_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    run_action(button_submission("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::discard(
            &core,
            staff.may::<PerformVisits>()?,
            parse_target_id(&target)?,
            &entries,
        )
        .await?;
        Ok(Redirect::to("/app/day/kept", "done-entries-discarded"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "settle-entries")]
pub async fn settle_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    run_action(button_submission(&back), async |core: Core, staff: Staff| {
        sync_conflicts::mark_resolved(&core, staff.may::<PlanTargets>()?, parse_target_id(&target)?, &entries).await?;
        Ok(Redirect::to(back, "done-entries-resolved"))
    })
    .await
}
