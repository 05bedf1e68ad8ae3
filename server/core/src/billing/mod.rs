//! Billing triggers as the staff see them: told, acknowledged, not acknowledged. No invoices.

pub mod model;

use chrono::{DateTime, Utc};
use domain::ids::BillingTriggerId;
use domain::permissions::ViewIntegrations;

use crate::billing::model::BillingLine;
use crate::identity::actors::Permit;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreResult};

/// A page of billing triggers, newest first; of all, or of those that were or were not acknowledged.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewIntegrations>,
    before: Option<(DateTime<Utc>, BillingTriggerId)>,
    acknowledged: Option<bool>,
) -> CoreResult<Page<BillingLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(
        tx.billing_lines(before, acknowledged, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    ))
}
