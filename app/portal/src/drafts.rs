//! Drafts of the forms of this app.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Contact;
use ui::drafts;
use ui::drafts::{DiscardButton, DraftForm};

#[server(prefix = "/portal/fn", endpoint = "save-draft")]
pub async fn save_draft(#[server(flatten)] form: DraftForm) -> Result<(), ServerFnError> {
    drafts::save::<Contact>(form).await
}

#[server(prefix = "/portal/fn", endpoint = "discard-draft")]
pub async fn discard_draft(#[server(flatten)] form: DiscardButton) -> Result<(), ServerFnError> {
    drafts::discard::<Contact>(form).await
}
