//! Acts with technicians.

use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::scheduling::technicians;
use ordinavo_core::{Core, CoreError};
use ui::acts::{Next, Sent, act};
use ui::uploads;

use crate::scheduling::technicians::{LIST, input, technician_of};

#[server(prefix = "/app/fn", endpoint = "set-up-technician", input = MultipartFormData)]
pub async fn set_up_technician(data: MultipartData) -> Result<(), ServerFnError> {
    let parts = uploads::read(data, "", 0).await;
    let values = parts.values();
    let id = parts.text("id");
    let back = format!("{LIST}/{id}");
    let sent = Sent {
        form: "technician",
        values: &values,
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        technicians::set_up(&core, staff.may()?, technician_of(&id)?, &input(&parts.fields)).await?;
        Ok(Next::to(&back, "done-technician-saved"))
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
    let sent = Sent {
        form: "absence",
        values: &[("first", &first), ("last", &last), ("kind", &kind)],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        technicians::add_absence(&core, staff.may()?, technician_of(&id)?, &first, &last, &kind).await?;
        Ok(Next::to(&back, "done-absence-added"))
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "remove-absence")]
pub async fn remove_absence(
    #[server(default)] id: String,
    #[server(default)] absence: String,
) -> Result<(), ServerFnError> {
    let back = format!("{LIST}/{id}");
    let sent = Sent {
        form: "",
        values: &[],
        back: back.clone(),
    };
    act(sent, async |core: Core, staff: Staff| {
        let permit = staff.may()?;
        let absence = absence.parse().map_err(|_| CoreError::not_found())?;
        technicians::remove_absence(&core, permit, technician_of(&id)?, absence).await?;
        Ok(Next::to(&back, "done-absence-removed"))
    })
    .await
}
