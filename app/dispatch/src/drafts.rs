//! Drafts of the forms of this app.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Staff;
use ui::drafts;
use ui::drafts::{DiscardButton, DraftForm};

#[server(prefix = "/app/fn", endpoint = "save-draft")]
pub async fn save_draft(#[server(flatten)] form: DraftForm) -> Result<(), ServerFnError> {
    drafts::save::<Staff>(form).await
}

#[server(prefix = "/app/fn", endpoint = "discard-draft")]
pub async fn discard_draft(#[server(flatten)] form: DiscardButton) -> Result<(), ServerFnError> {
    drafts::discard::<Staff>(form).await
}
