//! The actions on a job: schedule, cancel, reopen.

use domain::ids::TargetId;
use domain::permissions::PlanTargets;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::jobs::cancellation;
use ordinavo_core::scheduling::appointments;
use ordinavo_core::scheduling::appointments::ScheduleForm;
use ordinavo_core::{Core, CoreError};
use ui::actions::{FormSubmission, Redirect, run_action};

#[server(prefix = "/app/fn", endpoint = "schedule-target")]
pub async fn schedule_target(
    #[server(default)] target: String,
    #[server(default)] technician: String,
    #[server(default)] date: String,
    #[server(default)] start: String,
    #[server(default)] end: String,
    #[server(default)] shared: Option<String>,
    #[server(default)] overlap: Option<String>,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let mut values = vec![
        ("technician", technician.as_str()),
        ("date", &date),
        ("start", &start),
        ("end", &end),
    ];
    if shared.is_some() {
        values.push(("shared", "on"));
    }
    let submission = FormSubmission {
        form: "schedule",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id: TargetId = target.parse().map_err(|_| CoreError::not_found())?;
        let input = ScheduleForm {
            technician: technician.clone(),
            date: date.clone(),
            start: start.clone(),
            end: end.clone(),
            shared: shared.is_some(),
            conflicts_accepted: overlap.is_some(),
            was: None,
        };
        appointments::schedule(&core, permit, id, &input).await?;
        Ok(Redirect::to(back, "done-scheduled"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "cancel-target")]
pub async fn cancel_target(
    #[server(default)] target: String,
    #[server(default)] reason: String,
) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let submission = FormSubmission {
        form: "cancel",
        values: &[("reason", &reason)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id = target.parse().map_err(|_| CoreError::not_found())?;
        cancellation::cancel(&core, permit, id, &reason).await?;
        Ok(Redirect::to(back, "done-job-cancelled"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "reopen-target")]
pub async fn reopen_target(#[server(default)] target: String) -> Result<(), ServerFnError> {
    let back = format!("/app/targets/{target}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may::<PlanTargets>()?;
        let id = target.parse().map_err(|_| CoreError::not_found())?;
        appointments::reopen(&core, permit, id).await?;
        Ok(Redirect::to(back, "done-reopened"))
    })
    .await
}
