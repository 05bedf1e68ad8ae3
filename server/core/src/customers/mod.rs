//! Customers as staff see them.

pub mod by_staff;
pub mod client_records;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::records::INSERT_CONTACT;
pub(crate) use self::store::records::NewContact;
pub(crate) use self::store::records::NewLocation;

use domain::fields::FieldCode;
use domain::identity::permissions::{PlanTargets, ViewOperations};
use domain::ids::{CustomerId, LocationId};
use domain::text::name_for_comparison;
use serde_json::json;

use crate::audit::model::TimelineEntry;
use crate::commit::finish;
use crate::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
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

/// Sets the time zone of a location. Appointments that are scheduled keep theirs.
///
/// # Errors
/// Field `zone`; `not_found`.
pub async fn set_location_zone(core: &Core, by: Permit<'_, PlanTargets>, id: LocationId, zone: &str) -> CoreResult<()> {
    let zone: chrono_tz::Tz = zone
        .trim()
        .parse()
        .map_err(|_| CoreError::field("zone", FieldCode::InvalidZone))?;
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.set_location_zone(id, zone.name()).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("location.zone_changed", id, json!({ "zone": zone.name() }));
    finish(core, tx).await
}

/// Returns a page of customers by name, filtered by a part of the name or number. `after` is the last row of the
/// previous page.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    search: &str,
    after: Option<(&str, CustomerId)>,
) -> CoreResult<Page<CustomerSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    let after = after.map(|(name, id)| (name_for_comparison(name), id));
    let rows = tx
        .customers(
            search,
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
    })
}
