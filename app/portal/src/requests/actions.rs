//! The actions on a request: choose a time, answer, ask to cancel, withdraw.

use domain::fields::FieldCode;
use domain::ids::RequestId;
use domain::intake::MAX_FILES;
use leptos::prelude::*;
use leptos::server_fn::codec::{MultipartData, MultipartFormData};
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::pages;
use ordinavo_core::requests::slot_offers;
use ordinavo_core::{Core, CoreError};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};
use ui::uploads::{UploadForm, submit_upload};

const LIST: &str = "/portal/requests";

/// The button that chooses one of the offered times.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SlotButton {
    request: FormId<RequestId>,
    offer: String,
    position: String,
}

impl ActionForm for SlotButton {
    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

#[server(prefix = "/portal/fn", endpoint = "choose-slot")]
pub async fn choose_slot(#[server(flatten)] form: SlotButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: SlotButton| {
        slot_offers::choose_in_portal(&core, &contact, form.request.get()?, &form.offer, &form.position).await?;
        Ok(Redirect::to(form.back(), "done-appointment-chosen"))
    })
    .await
}

/// The form that declines the offered times and proposes others.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeclineForm {
    request: FormId<RequestId>,
    offer: String,
    /// The proposal.
    answer: String,
    nonce: String,
}

impl ActionForm for DeclineForm {
    const NAME: &'static str = "decline";

    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

#[server(prefix = "/portal/fn", endpoint = "decline-slots")]
pub async fn decline_slots(#[server(flatten)] form: DeclineForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: DeclineForm| {
        let (request, offer) = (form.request.get()?, &form.offer);
        slot_offers::decline_in_portal(&core, &contact, request, offer, &form.answer, &form.nonce).await?;
        Ok(Redirect::to(form.back(), "done-answered"))
    })
    .await
}

/// The form that answers a question of the dispatcher.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnswerForm {
    request: FormId<RequestId>,
    answer: String,
    nonce: String,
}

impl ActionForm for AnswerForm {
    const NAME: &'static str = "answer";

    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

impl UploadForm for AnswerForm {
    const FILE_FIELD: &'static str = "files";
    const MAX_FILES: usize = MAX_FILES;

    fn interrupted() -> CoreError {
        CoreError::field("files", FieldCode::UploadTooLarge { max_megabytes: 25 })
    }
}

#[server(prefix = "/portal/fn", endpoint = "answer-request", input = MultipartFormData)]
pub async fn answer_request(data: MultipartData) -> Result<(), ServerFnError> {
    submit_upload(data, async |core: Core, contact: Contact, form: AnswerForm, files| {
        let sent = pages::answer(&core, &contact, form.request.get()?, &form.answer, &form.nonce, files).await?;
        Ok(Redirect::to(form.back(), "done-answered").without_files(sent.refused))
    })
    .await
}

/// The form that asks to cancel the appointment.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CancellationForm {
    request: FormId<RequestId>,
    /// The reason.
    answer: String,
    nonce: String,
}

impl ActionForm for CancellationForm {
    const NAME: &'static str = "cancel";

    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

#[server(prefix = "/portal/fn", endpoint = "request-cancellation")]
pub async fn ask_to_cancel(#[server(flatten)] form: CancellationForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: CancellationForm| {
        pages::ask_to_cancel(&core, &contact, form.request.get()?, &form.answer, &form.nonce).await?;
        Ok(Redirect::to(form.back(), "done-cancellation-requested"))
    })
    .await
}

/// The form that asks for another time.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RescheduleForm {
    request: FormId<RequestId>,
    /// Which times would suit.
    answer: String,
    nonce: String,
}

impl ActionForm for RescheduleForm {
    const NAME: &'static str = "reschedule";

    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

#[server(prefix = "/portal/fn", endpoint = "request-reschedule")]
pub async fn ask_to_reschedule(#[server(flatten)] form: RescheduleForm) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: RescheduleForm| {
        let is_asked =
            pages::ask_to_reschedule(&core, &contact, form.request.get()?, &form.answer, &form.nonce).await?;
        let done = if is_asked {
            "done-reschedule-requested"
        } else {
            "done-answered"
        };
        Ok(Redirect::to(form.back(), done))
    })
    .await
}

/// The button that withdraws a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WithdrawButton {
    request: FormId<RequestId>,
}

impl ActionForm for WithdrawButton {
    fn back(&self) -> String {
        self.request.path_below(LIST)
    }
}

#[server(prefix = "/portal/fn", endpoint = "withdraw-request")]
pub async fn withdraw_request(#[server(flatten)] form: WithdrawButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, contact: Contact, form: WithdrawButton| {
        pages::withdraw_request(&core, &contact, form.request.get()?).await?;
        Ok(Redirect::to(form.back(), "done-request-withdrawn"))
    })
    .await
}
