//! Customers as staff see them.

pub mod by_staff;
pub(crate) mod choice;
pub mod client_records;
pub mod editing;
pub mod export;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::records::INSERT_CONTACT;
pub(crate) use self::store::records::NewContact;
pub(crate) use self::store::records::NewLocation;

use chrono::TimeDelta;
use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{CustomerId, LocationId};
use domain::text::name_for_comparison;
use domain::visits::figures::VisitFigures;

use crate::audit::model::TimelineEntry;
use crate::customers::editing::MAX_CHANGES;
use crate::customers::model::{ContactSummary, CustomerSummary, LocationSummary, RecordChange};
use crate::identity::actors::Permit;
use crate::jobs::model::TargetSummary;
use crate::mapping::model::ReferenceSummary;
use crate::page::{PAGE_SIZE, Page};
use crate::portal_access::model::AccountGrants;
use crate::requests::model::RequestSummary;
use crate::visits::model::CustomerVisit;
use crate::{Core, CoreError, CoreResult};

/// Returns the time zone of a new location: that of its country, or of the organization where the country is not known or has
/// several.
pub(crate) fn zone_of(country: Option<&str>, organization: &str) -> String {
    country
        .and_then(domain::zones::of_country)
        .unwrap_or(organization)
        .to_owned()
}

/// Returns a page of customers by name, filtered by a part of the name or number. `after` is the last row of the
/// previous page.
///
/// # Errors
/// The database is unavailable.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    search: &str,
    with_archived: bool,
    after: Option<(&str, CustomerId)>,
) -> CoreResult<Page<CustomerSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    let after = after.map(|(name, id)| (name_for_comparison(name), id));
    let rows = tx
        .customers(
            search,
            with_archived,
            after.as_ref().map(|(name, id)| (name.as_str(), *id)),
            PAGE_SIZE + 1,
        )
        .await?;
    Ok(Page::from_rows(rows, PAGE_SIZE))
}

/// The open jobs and requests of a customer that its page shows, of each.
pub const MAX_OPEN: i64 = 20;
/// At least twelve months, the current one included.
const YEAR: TimeDelta = TimeDelta::days(366);
/// The latest jobs of a customer whose visits its page counts.
const MAX_COUNTED_JOBS: i64 = 1_000;

/// A customer with its records, what is open, and its visits.
#[derive(Debug, Clone)]
pub struct CustomerPage {
    pub customer: CustomerSummary,
    pub locations: Vec<LocationSummary>,
    pub contacts: Vec<ContactSummary>,
    /// External references of the customer, its locations and contacts.
    pub references: Vec<ReferenceSummary>,
    /// The oldest jobs that are not over: the next appointment first, then those without one.
    pub open_targets: Vec<TargetSummary>,
    /// The oldest requests that await dispatch.
    pub open_requests: Vec<RequestSummary>,
    /// Whether there are more than [`MAX_OPEN`] of one of them, so that not all are listed.
    pub has_more_open: bool,
    /// The number of jobs at each location that are not over.
    pub open_at: Vec<(LocationId, i64)>,
    /// Whether the visits are those of all jobs, and not only of the latest.
    pub counts_all_visits: bool,
    /// The visits of the last twelve months, the latest first.
    pub visits: Vec<CustomerVisit>,
    pub figures: VisitFigures,
    /// The accounts with a grant for the customer, and their grants.
    pub accounts: Vec<AccountGrants>,
    /// The 25 latest entries.
    pub timeline: Vec<TimelineEntry>,
    /// The latest changes of the customer, its locations and contacts.
    pub changes: Vec<RecordChange>,
    /// Whether the viewer may change the customer and add locations and contacts.
    pub can_edit: bool,
}

/// Returns one customer.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: CustomerId) -> CoreResult<CustomerPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let customer = tx.customer(id).await?.ok_or_else(CoreError::not_found)?;
    let now = core.clock.now();
    let zone = by.staff().zone().parse().unwrap_or(chrono_tz::UTC);
    let visits = tx.visits_of_customer(id, now - YEAR, MAX_COUNTED_JOBS).await?;
    let counted_jobs = tx.count_targets_of_customer(id, MAX_COUNTED_JOBS + 1).await?;
    let past: Vec<_> = visits.iter().map(CustomerVisit::past).collect();
    let mut open_targets = tx.open_targets_of_customer(id, MAX_OPEN + 1).await?;
    open_targets.sort_by_key(|target| (target.starts_at.is_none(), target.starts_at));
    let mut grants = tx.grants_of_customer(id).await?;
    grants.retain(|grant| grant.valid_from <= now && grant.valid_until.is_none_or(|until| until > now));
    let accounts = tx.portal_accounts_of(id).await?.into_iter().filter_map(|account| {
        let grants: Vec<_> = grants.extract_if(.., |grant| grant.account_id == account.id).collect();
        (!grants.is_empty()).then(|| AccountGrants {
            status: account.status(now),
            account,
            grants,
        })
    });
    let open_requests = tx.waiting_requests_of_customer(id, MAX_OPEN + 1).await?;
    let limit = usize::try_from(MAX_OPEN).unwrap_or_default();
    let has_more_open = open_targets.len() > limit || open_requests.len() > limit;
    Ok(CustomerPage {
        customer,
        locations: tx.locations_of(id).await?,
        contacts: tx.contacts_of(id).await?,
        references: tx.references_of_customer(id).await?,
        accounts: accounts.collect(),
        open_targets,
        open_requests,
        has_more_open,
        counts_all_visits: counted_jobs <= MAX_COUNTED_JOBS,
        open_at: tx.count_open_targets_by_location(id).await?,
        figures: VisitFigures::of(&past, now, &zone),
        visits,
        timeline: tx.timeline_of_customer(id, 25).await?,
        changes: tx.record_changes(id, None, MAX_CHANGES).await?,
        can_edit: by.staff().has::<ManageCustomers>(),
    })
}
