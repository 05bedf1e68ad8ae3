//! The acts of My day: of the pages, and of what a phone sends after it was without a network.

use domain::day_entries::{SeenAppointment, WrittenReport};
use domain::ids::TargetId;
use domain::permissions::{PerformVisits, PlanTargets};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::visits;
use ordinavo_core::visits::entries;
use ordinavo_core::visits::entries::{SentEntry, Taken};
use ordinavo_core::visits::report;
use ordinavo_core::visits::report::MOST_PHOTOS;
use ordinavo_core::visits::sync_conflicts;
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act, tell};
use ui::uploads::{self, Parts};

fn target_id(text: &str) -> Result<TargetId, CoreError> {
    text.parse().map_err(|_| CoreError::not_found())
}

fn button(back: &str) -> Sent<'static> {
    Sent {
        form: "",
        values: &[],
        back: back.to_owned(),
    }
}

#[server(prefix = "/app/fn", endpoint = "set-out")]
pub async fn set_out(#[server(default)] target: String, #[server(default)] seen: String) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    act(button(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        visits::set_out(&core, permit, target_id(&target)?, SeenAppointment::read(&seen)).await?;
        Ok(Next::to(back, "done-en-route"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "arrive")]
pub async fn arrive(#[server(default)] target: String, #[server(default)] seen: String) -> Result<(), ServerFnError> {
    let back = format!("/app/day/{target}");
    act(button(&back), async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        visits::arrive(&core, permit, target_id(&target)?, SeenAppointment::read(&seen)).await?;
        Ok(Next::to(back, "done-arrived"))
    })
    .await
}

/// What was written, without the photos.
fn written(parts: &Parts) -> WrittenReport {
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

fn whole(parts: &Parts) -> Result<(), CoreError> {
    if parts.broken {
        Err(CoreError::field(
            "photo",
            "file_too_large",
            "The upload did not arrive whole.",
        ))
    } else {
        Ok(())
    }
}

#[server(prefix = "/app/fn", endpoint = "file-report", input = MultipartFormData)]
pub async fn file_report(data: MultipartData) -> Result<(), ServerFnError> {
    let mut parts = uploads::read(data, "photo", MOST_PHOTOS).await;
    let files = std::mem::take(&mut parts.files);
    let photos = files.into_iter().map(|photo| (photo.file_name, photo.bytes)).collect();
    let back = format!("/app/day/{}", parts.text("target"));
    let values = parts.values();
    let sent = Sent {
        form: "report",
        values: &values,
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        whole(&parts)?;
        let (target, seen) = (
            target_id(&parts.text("target"))?,
            SeenAppointment::read(&parts.text("seen")),
        );
        report::file_report(&core, permit, target, seen, &written(&parts), photos).await?;
        Ok(Next::to(back, "done-report-submitted"))
    })
    .await
}

/// Takes what a phone has kept; the answer is `done` or `waiting`.
#[server(prefix = "/app/fn", endpoint = "send-entry", input = MultipartFormData)]
pub async fn send_entry(data: MultipartData) -> Result<String, ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    tell(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        whole(&parts)?;
        let sent = SentEntry {
            key: parts.text("key"),
            person: parts.text("person"),
            target: parts.text("target"),
            step: parts.text("step"),
            noted_at: parts.text("noted_at"),
            seen: parts.text("seen"),
            photos: parts.text("photos"),
            report: written(&parts),
        };
        Ok(match entries::take(&core, permit, sent).await? {
            Taken::Done => "done".to_owned(),
            Taken::Waiting => "waiting".to_owned(),
        })
    })
    .await
}

/// Takes one photo of a report that follows.
#[server(prefix = "/app/fn", endpoint = "send-photo", input = MultipartFormData)]
pub async fn send_photo(data: MultipartData) -> Result<String, ServerFnError> {
    let mut parts = uploads::read(data, "photo", 1).await;
    let file = parts.files.pop();
    tell(async |core: Core, staff: Staff| {
        let permit = staff.may::<PerformVisits>()?;
        whole(&parts)?;
        let file = file.ok_or_else(|| CoreError::field("photo", "required", "A photo is required."))?;
        let (key, person, position) = (parts.text("key"), parts.text("person"), parts.text("position"));
        entries::take_photo(&core, permit, &key, &person, &position, (file.file_name, file.bytes)).await?;
        Ok("done".to_owned())
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "use-my-entries")]
pub async fn use_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    act(button("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::use_mine(&core, staff.may::<PerformVisits>()?, target_id(&target)?, &entries).await?;
        Ok(Next::to("/app/day/kept", "done-entries-kept"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "hand-over-my-entries")]
pub async fn hand_over_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    act(button("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::hand_over(&core, staff.may::<PerformVisits>()?, target_id(&target)?, &entries).await?;
        Ok(Next::to("/app/day/kept", "done-entries-sent-to-dispatch"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "discard-my-entries")]
pub async fn discard_my_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    act(button("/app/day/kept"), async |core: Core, staff: Staff| {
        sync_conflicts::discard(&core, staff.may::<PerformVisits>()?, target_id(&target)?, &entries).await?;
        Ok(Next::to("/app/day/kept", "done-entries-discarded"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "settle-entries")]
pub async fn settle_entries(
    #[server(default)] target: String,
    #[server(default)] entries: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    act(button(&back), async |core: Core, staff: Staff| {
        sync_conflicts::settle(&core, staff.may::<PlanTargets>()?, target_id(&target)?, &entries).await?;
        Ok(Next::to(back, "done-entries-resolved"))
    })
    .await
}
