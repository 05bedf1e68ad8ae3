//! The list of jobs, newest first.

use chrono::{DateTime, Utc};
use domain::identity::permissions::ViewOperations;
use domain::ids::{CustomerId, TargetId};
use domain::jobs::filter::JobFilter;
use domain::search::{Kind, Query};
use uuid::Uuid;

use crate::exports;
use crate::identity::actors::Permit;
use crate::jobs::model::TargetSummary;
use crate::page::{PAGE_SIZE, Page, cursor_time};
use crate::{Core, CoreError, CoreResult};

/// Returns the number in a search text such as `J-12`, `TGT-12` or `12`.
fn number_of(search: &str) -> Option<i64> {
    let number = Query::parse(search)?.number?;
    number.kind.is_none_or(|kind| kind == Kind::Job).then_some(number.value)
}

/// Returns a page of jobs. `search` is a job number or an external ID and finds jobs of every status; `before` is the number of the
/// last job of the previous page.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    filter: JobFilter,
    search: &str,
    before: Option<i64>,
) -> CoreResult<Page<TargetSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    let search = search.trim();
    if !search.is_empty() {
        let found = tx.targets_with_number_or_external_id(number_of(search), search).await?;
        return Ok(Page::from_rows(found, PAGE_SIZE));
    }
    let before = before.unwrap_or(i64::MAX);
    let rows = tx.targets_before(before, filter.statuses(), PAGE_SIZE + 1).await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}

/// Returns all jobs that [`list`], or [`of_customer`] for a customer, has on its pages.
///
/// # Errors
/// `not_found` for the customer; field `rows` if there are too many.
pub async fn export(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    filter: JobFilter,
    search: &str,
    customer: Option<CustomerId>,
) -> CoreResult<Vec<TargetSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    if let Some(customer) = customer {
        tx.customer(customer).await?.ok_or_else(CoreError::not_found)?;
    }
    let mut found: Vec<TargetSummary> = Vec::new();
    let search = search.trim();
    loop {
        let chunk = match (customer, search) {
            (Some(customer), _) => {
                let before = found.last().map(|last| (last.created_at, last.id));
                let start = (cursor_time(i64::MAX), TargetId::from_uuid(Uuid::max()));
                tx.targets_of_customer(customer, before.unwrap_or(start), exports::CHUNK)
                    .await?
            }
            (None, "") => {
                let before = found.last().map_or(i64::MAX, |last| last.number);
                tx.targets_before(before, filter.statuses(), exports::CHUNK).await?
            }
            (None, search) => tx.targets_with_number_or_external_id(number_of(search), search).await?,
        };
        let is_last = exports::is_last(chunk.len());
        found.extend(chunk);
        exports::check_size(found.len())?;
        if is_last || (customer.is_none() && !search.is_empty()) {
            break;
        }
    }
    drop(tx);
    exports::record(core, by.staff(), "jobs", found.len()).await?;
    Ok(found)
}

/// The jobs of a customer.
#[derive(Debug, Clone)]
pub struct CustomerJobs {
    pub customer_name: String,
    pub jobs: Page<TargetSummary>,
}

/// Returns a page of the jobs of a customer. `before` is the last job of the previous page.
///
/// # Errors
/// `not_found`.
pub async fn of_customer(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    id: CustomerId,
    before: Option<(DateTime<Utc>, TargetId)>,
) -> CoreResult<CustomerJobs> {
    let mut tx = core.store.read(by.staff()).await?;
    let customer = tx.customer(id).await?.ok_or_else(CoreError::not_found)?;
    let before = before.unwrap_or_else(|| (cursor_time(i64::MAX), TargetId::from_uuid(Uuid::max())));
    let rows = tx.targets_of_customer(id, before, PAGE_SIZE + 1).await?;
    Ok(CustomerJobs {
        customer_name: customer.name,
        jobs: Page::from_rows(rows, PAGE_SIZE),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_read_with_and_without_prefix() {
        for (text, number) in [
            ("TGT-12", Some(12)),
            ("tgt-12", Some(12)),
            ("J-7", Some(7)),
            ("12", Some(12)),
            ("JOB-2026-1", None),
            ("LIST-7", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(number_of(text), number, "{text}");
        }
    }
}
