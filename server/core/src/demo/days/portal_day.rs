//! What a portal user finds today: a visit tomorrow, times to choose from, and a question to answer.

use chrono::{Days, NaiveDate};
use domain::ids::{RequestId, TargetId};
use domain::scheduling::consent::AcceptedConflicts;

use crate::branding::{self, TypedContact};
use crate::demo::tenants::DemoWorld;
use crate::intake::form_nonce;
use crate::portal_access::new_request::{RequestForm, submit_request};
use crate::portal_access::pages::locations;
use crate::requests::conversation::{StaffMessage, send_message};
use crate::requests::review::{self, Decision};
use crate::requests::slot_offers::{OptionForm, offer};
use crate::scheduling::appointments::{ScheduleForm, schedule};
use crate::{Core, CoreError, CoreResult, requests};

/// Sets how customers reach the organization, and submits requests of one user that are at different steps.
pub(super) async fn prepare(core: &Core, world: &DemoWorld, today: NaiveDate) -> CoreResult<()> {
    let contact = TypedContact {
        phone: "+49 201 5550140",
        email: "service@nordlicht.example",
        hours: "Mo–Fr 7–17",
        emergency: "+49 201 5550199",
        ..TypedContact::default()
    };
    branding::set_contact(core, world.admin.may()?, None, &contact).await?;
    let day = |ahead| {
        today
            .checked_add_days(Days::new(ahead))
            .ok_or_else(CoreError::not_found)
    };
    let date = |day: NaiveDate| day.format("%Y-%m-%d").to_string();

    let visit = submit(
        core,
        world,
        "repair",
        "The cold-room door does not close. The seal is loose at the bottom.",
    )
    .await?;
    let form = ScheduleForm {
        technician: world.technicians[0].id().to_string(),
        date: date(day(1)?),
        start: "09:00".to_owned(),
        end: "11:00".to_owned(),
        shared: true,
        accepted: AcceptedConflicts::all(),
        ..ScheduleForm::default()
    };
    schedule(core, world.dispatcher.may()?, convert(core, world, visit).await?, &form).await?;

    let choice = submit(
        core,
        world,
        "installation",
        "Second ventilation unit for the packing hall.",
    )
    .await?;
    let option = |technician: usize, ahead: NaiveDate, start: &str, end: &str| OptionForm {
        technician: world.technicians[technician].id().to_string(),
        date: date(ahead),
        start: start.to_owned(),
        end: end.to_owned(),
        ..OptionForm::default()
    };
    let options = [
        option(1, day(2)?, "08:00", "10:00"),
        option(2, day(3)?, "13:00", "15:00"),
        option(1, day(7)?, "09:00", "11:00"),
    ];
    let target = convert(core, world, choice).await?;
    offer(
        core,
        world.dispatcher.may()?,
        target,
        &options,
        "24",
        &AcceptedConflicts::all(),
    )
    .await?;

    let question = submit(core, world, "repair", "A compressor is loud since this morning.").await?;
    let message = StaffMessage {
        text: "Which of the two compressors is it? Left or right of the ramp?".to_owned(),
        asks: true,
        nonce: form_nonce(core),
        ..StaffMessage::default()
    };
    send_message(core, world.dispatcher.may()?, question, message).await?;
    Ok(())
}

async fn submit(core: &Core, world: &DemoWorld, service: &str, description: &str) -> CoreResult<RequestId> {
    let visible = locations(core, &world.petra).await?;
    let location = visible.last().ok_or_else(CoreError::not_found)?;
    let form = RequestForm {
        location: location.id.to_string(),
        service_type: service.to_owned(),
        description: description.to_owned(),
        preferred: String::new(),
        windows: Vec::new(),
        urgent: false,
        nonce: form_nonce(core),
    };
    Ok(submit_request(core, &world.petra, &form, Vec::new()).await?.value)
}

async fn convert(core: &Core, world: &DemoWorld, id: RequestId) -> CoreResult<TargetId> {
    review::decide(core, world.dispatcher.may()?, id, Decision::Accept, None).await?;
    requests::convert(core, world.dispatcher.may()?, id, None).await
}
