//! Actions on held emails.

use domain::identity::permissions::ManageMails;
use domain::ids::MailId;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldDecision;
use ordinavo_core::{Core, CoreError, CoreResult};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};

const LIST: &str = "/app/settings/mails";
/// What the buttons for all held emails send instead of an ID.
pub(crate) const ALL: &str = "all";

/// The button of one held email, or of all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct HeldButton {
    /// The ID of an email, or `all`. Anything else must not decide about all of them.
    mail: String,
}

impl HeldButton {
    /// Returns the ID of the email; `None` for all.
    fn target(&self) -> CoreResult<Option<MailId>> {
        match self.mail.as_str() {
            ALL => Ok(None),
            id => id.parse().map(Some).map_err(|_| CoreError::not_found()),
        }
    }
}

impl ActionForm for HeldButton {
    fn back(&self) -> String {
        let id = self.mail.parse::<MailId>();
        id.map_or_else(|_| LIST.to_owned(), |id| format!("{LIST}/{id}"))
    }
}

async fn decide(core: &Core, staff: &Staff, form: HeldButton, decision: HeldDecision) -> CoreResult<Redirect> {
    held::decide(core, staff.may::<ManageMails>()?, decision, form.target()?).await?;
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
