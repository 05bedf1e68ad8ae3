//! Actions on the audit log.

use domain::identity::permissions::ViewAudit;
use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ordinavo_core::{Core, audit};
use serde::{Deserialize, Serialize};
use ui::actions::{ActionForm, Redirect, submit};

use super::page::PAGE;

/// The button that verifies the log. A log of a million entries takes seconds, so a link must not do it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VerifyButton {}

impl ActionForm for VerifyButton {
    fn back(&self) -> String {
        PAGE.to_owned()
    }
}

#[server(prefix = "/app/fn", endpoint = "verify-audit")]
pub async fn verify_audit(#[server(flatten)] form: VerifyButton) -> Result<(), ServerFnError> {
    submit(form, async |core: Core, staff: Staff, form: VerifyButton| {
        let verification = audit::verify(&core, staff.may::<ViewAudit>()?).await?;
        Ok(Redirect {
            shown_once: serde_json::to_string(&verification).ok(),
            ..Redirect::without_message(format!("{}#audit", form.back()))
        })
    })
    .await
}
