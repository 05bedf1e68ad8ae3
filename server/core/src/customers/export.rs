//! All customers of a list with their locations and contacts.

use std::collections::HashMap;

use domain::identity::permissions::ViewOperations;
use domain::ids::{ContactKind, CustomerId, CustomerKind, LocationId, LocationKind};
use domain::text::name_for_comparison;
use sqlx::FromRow;

use crate::customers::model::CustomerSummary;
use crate::db::{Key, OptionalKey};
use crate::exports;
use crate::identity::actors::Permit;
use crate::{Core, CoreResult};

/// A location of an export.
#[derive(Debug, Clone, FromRow)]
pub struct ExportedLocation {
    #[sqlx(try_from = "Key<LocationKind>")]
    pub id: LocationId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    pub name: String,
    pub street: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub country: Option<String>,
    pub zone: String,
    pub access_notes: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// A contact of an export.
#[derive(Debug, Clone, FromRow)]
pub struct ExportedContact {
    #[sqlx(try_from = "Key<ContactKind>")]
    pub id: domain::ids::ContactId,
    #[sqlx(try_from = "Key<CustomerKind>")]
    pub customer_id: CustomerId,
    #[sqlx(try_from = "OptionalKey<LocationKind>")]
    pub location_id: Option<LocationId>,
    pub display_name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// A customer with what belongs to it; archived locations and contacts are left out.
#[derive(Debug, Clone)]
pub struct ExportedCustomer {
    pub customer: CustomerSummary,
    pub locations: Vec<ExportedLocation>,
    pub contacts: Vec<ExportedContact>,
}

/// A row of the export: a customer with a location, a contact, or both if the contact belongs to the location.
pub type ExportedRow<'a> = (Option<&'a ExportedLocation>, Option<&'a ExportedContact>);

impl ExportedCustomer {
    /// Returns the rows of the customer; at least one. The same rows, imported again, change nothing.
    pub fn rows(&self) -> Vec<ExportedRow<'_>> {
        let mut rows: Vec<ExportedRow<'_>> = Vec::new();
        for location in &self.locations {
            let mut here = self
                .contacts
                .iter()
                .filter(|contact| contact.location_id == Some(location.id));
            rows.push((Some(location), here.next()));
            rows.extend(here.map(|contact| (Some(location), Some(contact))));
        }
        let is_listed = |contact: &ExportedContact| {
            let known = |id| self.locations.iter().any(|location| location.id == id);
            contact.location_id.is_some_and(known)
        };
        let elsewhere = self.contacts.iter().filter(|contact| !is_listed(contact));
        rows.extend(elsewhere.map(|contact| (None, Some(contact))));
        if rows.is_empty() {
            rows.push((None, None));
        }
        rows
    }
}

/// Returns all customers that [`super::list`] has on its pages.
///
/// # Errors
/// Field `rows` if there are too many.
pub async fn export(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    search: &str,
    with_archived: bool,
) -> CoreResult<Vec<ExportedCustomer>> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut found: Vec<ExportedCustomer> = Vec::new();
    let mut rows = 0;
    let mut after: Option<(String, CustomerId)> = None;
    loop {
        let cursor = after.as_ref().map(|(name, id)| (name.as_str(), *id));
        let customers = tx.customers(search, with_archived, cursor, exports::CHUNK).await?;
        after = customers.last().map(|last| (name_for_comparison(&last.name), last.id));
        let is_last = exports::is_last(customers.len());
        let ids: Vec<CustomerId> = customers.iter().map(|customer| customer.id).collect();
        let mut locations: HashMap<CustomerId, Vec<ExportedLocation>> = HashMap::new();
        for location in tx.exported_locations(&ids).await? {
            locations.entry(location.customer_id).or_default().push(location);
        }
        let mut contacts: HashMap<CustomerId, Vec<ExportedContact>> = HashMap::new();
        for contact in tx.exported_contacts(&ids).await? {
            contacts.entry(contact.customer_id).or_default().push(contact);
        }
        for customer in customers {
            let exported = ExportedCustomer {
                locations: locations.remove(&customer.id).unwrap_or_default(),
                contacts: contacts.remove(&customer.id).unwrap_or_default(),
                customer,
            };
            rows += exported.rows().len();
            found.push(exported);
        }
        exports::check_size(rows)?;
        if is_last {
            break;
        }
    }
    drop(tx);
    exports::record(core, by.staff(), "customers", rows).await?;
    Ok(found)
}
