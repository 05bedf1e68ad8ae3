//! Customers, locations and contacts that staff create, edit, archive and restore, under the rules of the API.

mod contact;
mod customer;
mod location;

use domain::identity::permissions::{ManageCustomers, ViewOperations};
use domain::ids::{CustomerId, Id, Kind};
use domain::text::name_without_legal_form;

pub use self::contact::{ContactInput, ContactPage, archive_contact, contact, create_contact, update_contact};
pub(super) use self::customer::reserve_number;
pub use self::customer::{CustomerInput, archive_customer, create_customer, update_customer};
pub use self::location::{LocationInput, LocationPage, archive_location, create_location, location, update_location};

use crate::customers::model::{CustomerRecord, LocationSummary, RecordChange, SimilarCustomer};
use crate::db::TenantTx;
use crate::identity::actors::{Permit, Staff};
use crate::{Core, CoreError, CoreResult};

/// How many changes a page shows.
pub(super) const MAX_CHANGES: i64 = 100;
/// The longest text that is compared is an email address.
const MAX_EMAIL_CHARS: usize = 254;
/// Shorter parts of a name are in too many names.
const MIN_NAME_CHARS: usize = 3;

/// What is known of a customer before it is created; unknown parts are empty.
#[derive(Debug, Clone, Default)]
pub struct SimilarTo {
    pub name: String,
    pub email: String,
    pub phone: String,
    pub street: String,
    pub postal_code: String,
}

impl SimilarTo {
    /// Returns the part of the name that is looked for in other names.
    pub(crate) fn part_of_name(&self) -> Option<String> {
        let part = name_without_legal_form(&self.name);
        (part.chars().count() >= MIN_NAME_CHARS).then_some(part)
    }

    /// Returns whether there is nothing to look for, or more than a field can hold.
    fn is_unusable(&self) -> bool {
        let parts = [&self.name, &self.email, &self.phone, &self.street, &self.postal_code];
        let is_empty = parts.iter().all(|part| part.trim().is_empty());
        is_empty || parts.iter().any(|part| part.chars().count() > MAX_EMAIL_CHARS)
    }
}

/// Returns customers that could be the described one, the most similar first.
///
/// # Errors
/// The database is unavailable.
pub async fn similar(core: &Core, by: Permit<'_, ManageCustomers>, to: &SimilarTo) -> CoreResult<Vec<SimilarCustomer>> {
    if to.is_unusable() {
        return Ok(Vec::new());
    }
    Ok(core.store.read(by.staff()).await?.similar_customers(to).await?)
}

/// Returns the fields of a customer, for its form.
///
/// # Errors
/// `not_found`.
pub async fn customer(core: &Core, by: Permit<'_, ViewOperations>, id: CustomerId) -> CoreResult<CustomerRecord> {
    let mut tx = core.store.read(by.staff()).await?;
    tx.customer_record(id).await?.ok_or_else(CoreError::not_found)
}

/// Returns a customer with its locations, for the form of a new contact.
///
/// # Errors
/// `not_found`.
pub async fn customer_with_locations(
    core: &Core,
    by: Permit<'_, ViewOperations>,
    id: CustomerId,
) -> CoreResult<(CustomerRecord, Vec<LocationSummary>)> {
    let mut tx = core.store.read(by.staff()).await?;
    let customer = tx.customer_record(id).await?.ok_or_else(CoreError::not_found)?;
    Ok((customer, tx.locations_of(id).await?))
}

/// Returns the latest changes of one record of a customer.
async fn changes_of<K: Kind>(
    tx: &mut TenantTx<'_, Staff>,
    customer: CustomerId,
    record: Id<K>,
) -> CoreResult<Vec<RecordChange>> {
    Ok(tx.record_changes(customer, Some(record.uuid()), MAX_CHANGES).await?)
}

/// Returns a customer to which records can be added, and which stays as it is until the transaction ends.
///
/// # Errors
/// `not_found`; field `customer` if it is archived.
async fn active_customer(tx: &mut TenantTx<'_, Staff>, id: CustomerId) -> CoreResult<CustomerRecord> {
    let customer = tx.lock_customer_record(id).await?.ok_or_else(CoreError::not_found)?;
    if customer.is_active() {
        Ok(customer)
    } else {
        Err(CoreError::field(
            "customer",
            domain::fields::FieldCode::CustomerInactive,
        ))
    }
}
