//! Drafts of the forms of this app.

use leptos::prelude::*;
use ordinavo_core::identity::actors::Partner;
use ui::drafts;
use ui::drafts::{DiscardButton, DraftForm};

#[server(prefix = "/partner/fn", endpoint = "save-draft")]
pub async fn save_draft(#[server(flatten)] form: DraftForm) -> Result<(), ServerFnError> {
    drafts::save::<Partner>(form).await
}

#[server(prefix = "/partner/fn", endpoint = "discard-draft")]
pub async fn discard_draft(#[server(flatten)] form: DiscardButton) -> Result<(), ServerFnError> {
    drafts::discard::<Partner>(form).await
}
