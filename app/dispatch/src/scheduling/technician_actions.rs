//! Actions on technicians and their absences.

use domain::ids::{AbsenceId, StaffId};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::scheduling::technicians;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, FormSubmission, Redirect, run_action, submit};
use ui::uploads;

use crate::scheduling::technicians::{LIST, parse_technician_id, working_input};

#[server(prefix = "/app/fn", endpoint = "update-technician", input = MultipartFormData)]
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
        parts.ensure_complete()?;
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

/// The form that adds an absence of a technician.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AbsenceForm {
    id: FormId<StaffId>,
    first: String,
    last: String,
    kind: String,
}

impl ActionForm for AbsenceForm {
    const NAME: &'static str = "absence";

    fn back(&self) -> String {
        self.id.path_below(LIST)
    }
}

#[server(prefix = "/app/fn", endpoint = "add-absence")]
pub async fn add_absence(#[server(flatten)] form: AbsenceForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AbsenceForm| {
        let (permit, id) = (staff.may()?, form.id.get()?);
        technicians::add_absence(&core, permit, id, &form.first, &form.last, &form.kind).await?;
        Ok(Redirect::to(form.back(), "done-absence-added"))
    })
    .await
}

/// The button that removes an absence.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AbsenceButton {
    id: FormId<StaffId>,
    absence: FormId<AbsenceId>,
}

impl ActionForm for AbsenceButton {
    fn back(&self) -> String {
        self.id.path_below(LIST)
    }
}

#[server(prefix = "/app/fn", endpoint = "remove-absence")]
pub async fn remove_absence(#[server(flatten)] form: AbsenceButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: AbsenceButton| {
        technicians::remove_absence(&core, staff.may()?, form.id.get()?, form.absence.get()?).await?;
        Ok(Redirect::to(form.back(), "done-absence-removed"))
    })
    .await
}
