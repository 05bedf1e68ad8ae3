//! Actions on technicians and their absences.

use domain::ids::{AbsenceId, StaffId};
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::Core;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::scheduling::technicians;
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::uploads::{Fields, UploadForm, submit_upload};

use crate::scheduling::technicians::{LIST, working_input};

/// The form with the skills and working hours of a technician.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TechnicianForm {
    id: FormId<StaffId>,
    #[serde(flatten)]
    working: Fields,
}

impl ActionForm for TechnicianForm {
    const NAME: &'static str = "technician";

    fn back(&self) -> String {
        self.id.path_below(LIST)
    }
}

impl UploadForm for TechnicianForm {}

#[server(prefix = "/app/fn", endpoint = "update-technician", input = MultipartFormData)]
pub async fn set_up_technician(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, staff: Staff, form: TechnicianForm, _| {
        let (permit, id) = (staff.may()?, form.id.get()?);
        technicians::set_working_hours(&core, permit, id, &working_input(&form.working)).await?;
        Ok(Redirect::to(form.back(), "done-technician-saved"))
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
