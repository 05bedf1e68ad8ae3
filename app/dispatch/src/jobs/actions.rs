//! The actions on a job: schedule, cancel, reopen.

use domain::ids::TargetId;
use domain::scheduling::consent::AcceptedConflicts;
use leptos::prelude::*;
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::cancellation;
use ordinavo_core::jobs::cancellation::CancellationForm;
use ordinavo_core::scheduling::appointments;
use ordinavo_core::scheduling::appointments::ScheduleForm;
use ordinavo_core::visits;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};

/// Returns the path of a job. Text that is not an ID leads to the inbox.
pub(crate) fn target_path(target: FormId<TargetId>) -> String {
    target
        .ok()
        .map_or_else(|| "/app/inbox".to_owned(), |id| format!("/app/targets/{id}"))
}

/// The form that schedules or reschedules the appointment of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AppointmentForm {
    target: FormId<TargetId>,
    technician: String,
    date: String,
    start: String,
    end: String,
    start_occurrence: String,
    end_occurrence: String,
    /// Whether the customer sees the appointment: `on` or absent.
    shared: Option<String>,
    /// The conflicts that the form shows and the dispatcher accepts; absent unless ticked.
    overlap: Option<String>,
    /// The planned appointment when the form was rendered, empty for none.
    was: Option<String>,
    /// Why a visit that has ended is entered afterwards.
    reason: String,
}

impl ActionForm for AppointmentForm {
    const NAME: &'static str = "schedule";
    /// The conflicts may differ after an error, so they must be accepted again.
    const TRANSIENT_FIELDS: &'static [&'static str] = &["overlap"];

    fn back(&self) -> String {
        target_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "schedule-target")]
pub async fn schedule_target(#[server(flatten)] form: AppointmentForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AppointmentForm| {
        let (permit, id, back) = (staff.may()?, form.target.get()?, form.back());
        let input = ScheduleForm {
            technician: form.technician,
            date: form.date,
            start: form.start,
            end: form.end,
            start_occurrence: form.start_occurrence,
            end_occurrence: form.end_occurrence,
            shared: form.shared.is_some(),
            accepted: AcceptedConflicts::from_form(form.overlap.as_deref()),
            was: form.was,
            reason: form.reason,
        };
        appointments::schedule(&core, permit, id, &input).await?;
        Ok(Redirect::to(back, "done-scheduled"))
    })
    .await
}

/// The form that cancels a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CancelJobForm {
    target: FormId<TargetId>,
    /// For the team.
    reason: String,
    /// For the customer; may be empty.
    message: String,
}

impl ActionForm for CancelJobForm {
    const NAME: &'static str = "cancel";

    fn back(&self) -> String {
        target_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "cancel-target")]
pub async fn cancel_target(#[server(flatten)] form: CancelJobForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: CancelJobForm| {
        let (permit, target, back) = (staff.may()?, form.target.get()?, form.back());
        let input = CancellationForm {
            reason: form.reason,
            message: form.message,
        };
        cancellation::cancel(&core, permit, target, &input).await?;
        Ok(Redirect::to(back, "done-job-cancelled"))
    })
    .await
}

/// A button on the page of a job.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetButton {
    target: FormId<TargetId>,
}

impl ActionForm for TargetButton {
    fn back(&self) -> String {
        target_path(self.target)
    }
}

#[server(prefix = "/app/fn", endpoint = "revert-travel-of-technician")]
pub async fn revert_travel_of_technician(#[server(flatten)] form: TargetButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TargetButton| {
        visits::revert_travel_of_technician(&core, staff.may()?, form.target.get()?).await?;
        Ok(Redirect::to(form.back(), "done-travel-reverted"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "reopen-target")]
pub async fn reopen_target(#[server(flatten)] form: TargetButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: TargetButton| {
        appointments::reopen(&core, staff.may()?, form.target.get()?).await?;
        Ok(Redirect::to(form.back(), "done-reopened"))
    })
    .await
}
