//! The actions on a request: choose a time, answer, ask to cancel, withdraw.

use domain::ids::RequestId;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ordinavo_core::portal_access::pages;
use ordinavo_core::requests::slot_offers;
use ordinavo_core::{Core, CoreError};
use ui::actions::{FormSubmission, Redirect, run_action};

#[server(prefix = "/portal/fn", endpoint = "choose-slot")]
pub async fn choose_slot(
    #[server(default)] request: String,
    #[server(default)] offer: String,
    #[server(default)] position: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        slot_offers::choose_in_portal(&core, &contact, id, &offer, &position).await?;
        Ok(Redirect::to(back, "done-appointment-chosen"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "answer-request")]
pub async fn answer_request(
    #[server(default)] request: String,
    #[server(default)] answer: String,
    #[server(default)] nonce: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "answer",
        values: &[("answer", &answer)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::answer(&core, &contact, id, &answer, &nonce).await?;
        Ok(Redirect::to(back, "done-answered"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "ask-to-cancel")]
pub async fn ask_to_cancel(
    #[server(default)] request: String,
    #[server(default)] answer: String,
    #[server(default)] nonce: String,
) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "cancel",
        values: &[("answer", &answer)],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::ask_to_cancel(&core, &contact, id, &answer, &nonce).await?;
        Ok(Redirect::to(back, "done-cancellation-requested"))
    })
    .await
}

#[server(prefix = "/portal/fn", endpoint = "withdraw-request")]
pub async fn withdraw_request(#[server(default)] request: String) -> Result<(), ServerFnError> {
    let back = format!("/portal/requests/{request}");
    let submission = FormSubmission {
        form: "",
        values: &[],
        back: back.clone(),
    };
    run_action(submission, async |core: Core, contact: Contact| {
        let id: RequestId = request.parse().map_err(|_| CoreError::not_found())?;
        pages::withdraw_request(&core, &contact, id).await?;
        Ok(Redirect::to(back, "done-request-withdrawn"))
    })
    .await
}
