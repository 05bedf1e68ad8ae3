//! Actions on held emails.

use domain::identity::permissions::ManageMails;
use domain::ids::MailId;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldDecision;
use ordinavo_core::{Core, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, FormId, Redirect, submit};

const LIST: &str = "/app/settings/mails";

/// The button of one held email, or of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HeldButton {
    mail: FormId<MailId>,
}

impl ActionForm for HeldButton {
    fn back(&self) -> String {
        self.mail.path_below(LIST)
    }
}

async fn decide(core: &Core, staff: &Staff, form: HeldButton, decision: HeldDecision) -> CoreResult<Redirect> {
    held::decide(core, staff.may::<ManageMails>()?, decision, form.mail.ok()).await?;
    let done = match decision {
        HeldDecision::Send => "done-mails-released",
        HeldDecision::Drop => "done-mails-dropped",
    };
    Ok(Redirect::to(form.back(), done))
}

#[server(prefix = "/app/fn", endpoint = "send-held-mails")]
pub async fn send_held_mails(#[server(flatten)] form: HeldButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: HeldButton| {
        decide(&core, &staff, form, HeldDecision::Send).await
    })
    .await
}

#[server(prefix = "/app/fn", endpoint = "drop-held-mails")]
pub async fn drop_held_mails(#[server(flatten)] form: HeldButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: HeldButton| {
        decide(&core, &staff, form, HeldDecision::Drop).await
    })
    .await
}
