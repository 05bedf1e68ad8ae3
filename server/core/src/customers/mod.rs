//! Customers as staff see them.

pub mod by_staff;
pub(crate) mod choice;
pub mod client_records;
pub mod editing;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::records::INSERT_CONTACT;
pub(crate) use self::store::records::NewContact;
pub(crate) use self::store::records::NewLocation;

use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::CustomerId;
use domain::text::name_for_comparison;

use crate::audit::model::TimelineEntry;
use crate::customers::editing::MAX_CHANGES;
use crate::customers::model::{ContactSummary, CustomerSummary, LocationSummary, RecordChange};
use crate::identity::actors::Permit;
use crate::jobs::model::TargetSummary;
use crate::mapping::model::ReferenceSummary;
use crate::page::{PAGE_SIZE, Page};
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

/// A customer with its locations, contacts, references, recent targets and timeline.
#[derive(Debug, Clone)]
pub struct CustomerPage {
    pub customer: CustomerSummary,
    pub locations: Vec<LocationSummary>,
    pub contacts: Vec<ContactSummary>,
    /// External references of the customer, its locations and contacts.
    pub references: Vec<ReferenceSummary>,
    /// The 25 latest targets.
    pub targets: Vec<TargetSummary>,
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
    Ok(CustomerPage {
        customer,
        locations: tx.locations_of(id).await?,
        contacts: tx.contacts_of(id).await?,
        references: tx.references_of_customer(id).await?,
        targets: tx.targets_of_customer(id, 25).await?,
        timeline: tx.timeline_of_customer(id, 25).await?,
        changes: tx.record_changes(id, None, MAX_CHANGES).await?,
        can_edit: by.staff().has::<ManageCustomers>(),
    })
}
