//! Actions on technicians and their absences.

use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::scheduling::technicians;
use ordinavo_core::{Core, CoreError};
use ui::actions::{FormSubmission, Redirect, run_action};
use ui::uploads;

use crate::scheduling::technicians::{LIST, parse_technician_id, working_input};

#[server(prefix = "/app/fn", endpoint = "set-up-technician", input = MultipartFormData)]
pub async fn set_up_technician(data: MultipartData) -> Result<(), ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    let values = parts.values();
    let id = parts.text("id");
    let back = format!("{LIST}/{id}");
    let submission = FormSubmission {
        form: "technician",
        values: &values,
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        technicians::set_working_hours(
            &core,
            staff.may()?,
            parse_technician_id(&id)?,
            &working_input(&parts.fields),
        )
        .await?;
        Ok(Redirect::to(&back, "done-technician-saved"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "add-absence")]
pub async fn add_absence(
    #[server(default)] id: String,
    #[server(default)] first: String,
    #[server(default)] last: String,
    #[server(default)] kind: String,
) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    let submission = FormSubmission {
        form: "absence",
        values: &[("first", &first), ("last", &last), ("kind", &kind)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        technicians::add_absence(&core, staff.may()?, parse_technician_id(&id)?, &first, &last, &kind).await?;
        Ok(Redirect::to(&back, "done-absence-added"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "remove-absence")]
pub async fn remove_absence(
    #[server(default)] id: String,
    #[server(default)] absence: String,
) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let absence = absence.parse().map_err(|_| CoreError::not_found())?;
        technicians::remove_absence(&core, permit, parse_technician_id(&id)?, absence).await?;
        Ok(Redirect::to(&back, "done-absence-removed"))
    })
    .await
}
