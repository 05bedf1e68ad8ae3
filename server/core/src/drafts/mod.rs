//! Drafts of the forms of all apps: what was typed and not sent is there again on the next visit of the page, also after
//! signing out, on another device, and after the session has ended.

#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::drafts::{self, DraftKey};

use crate::commit::finish;
use crate::db::purpose::Purge;
use crate::identity::actors::Author;
use crate::{Core, CoreResult};

/// What a person has typed into a form.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The name of the form on its page.
    pub form: String,
    pub values: BTreeMap<String, String>,
    pub updated_at: DateTime<Utc>,
}

/// Keeps what was typed into a form. If nothing was typed, a former draft is deleted.
///
/// # Errors
/// `read_only_session` in a view-as session.
pub async fn save<A: Author>(
    core: &Core,
    author: &A,
    key: &DraftKey,
    values: BTreeMap<String, String>,
) -> CoreResult<()> {
    let Some(values) = drafts::kept_values(values) else {
        return discard(core, author, key).await;
    };
    let mut tx = core.store.begin(author).await?;
    tx.upsert_draft(key, &values).await?;
    tx.delete_oldest_drafts(drafts::MAX_PER_PERSON).await?;
    finish(core, tx).await
}

/// Deletes the draft of a form, if there is one.
///
/// # Errors
/// As [`save`].
pub async fn discard<A: Author>(core: &Core, author: &A, key: &DraftKey) -> CoreResult<()> {
    let mut tx = core.store.begin(author).await?;
    if !tx.delete_draft(key).await? {
        return Ok(());
    }
    finish(core, tx).await
}

/// Returns the person's drafts of the forms on a page. Staff who view the portal as a customer do not see the customer's.
pub async fn of_page<A: Author>(core: &Core, author: &A, address: &str) -> CoreResult<Vec<Draft>> {
    let Some(page) = drafts::page_of(address).filter(|_| author.may_write()) else {
        return Ok(Vec::new());
    };
    Ok(core.store.read(author).await?.drafts_of_page(page).await?)
}

/// Returns the pages below a path, such as `/app/inbox/`, on which the person has drafts.
pub async fn pages_below<A: Author>(core: &Core, author: &A, path: &str) -> CoreResult<Vec<String>> {
    Ok(core.store.read(author).await?.draft_pages_below(path).await?)
}

/// Deletes drafts that have not been touched for the retention period. Called by the worker.
pub async fn purge_old(core: &Core) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Purge>().await?;
    tx.purge_drafts(core.clock.now() - TimeDelta::days(drafts::RETENTION_DAYS))
        .await?;
    Ok(tx.commit().await?)
}
