//! Billing triggers with their delivery and acknowledgement status. Invoices are created in other systems.

pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use chrono::{DateTime, Utc};
use domain::identity::permissions::ViewIntegrations;
use domain::ids::BillingTriggerId;

use crate::billing::model::BillingSummary;
use crate::identity::actors::Permit;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreResult};

/// Returns a page of billing triggers, newest first; `acknowledged` filters by acknowledgement.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewIntegrations>,
    before: Option<(DateTime<Utc>, BillingTriggerId)>,
    acknowledged: Option<bool>,
) -> CoreResult<Page<BillingSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(
        tx.billing_lines(before, acknowledged, PAGE_SIZE + 1).await?,
        PAGE_SIZE,
    ))
}
