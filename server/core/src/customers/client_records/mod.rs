//! Customers, locations and contacts of a client's own source: read, created and updated by external ID.

mod put;

pub(crate) use self::put::StoredLocation;
pub use self::put::{Condition, ContactForm, LocationForm, RecordWriter, put_contact, put_customer, put_location};

use domain::ids::{ContactId, CustomerId, LocationId};
use domain::scopes::markers::CustomersReadScope;
use domain::text::CustomerNumber;

use crate::customers::model::{ClientContact, ClientCustomer, ClientLocation};
use crate::identity::actors::ClientPermit;
use crate::integrations::RecordKey;
use crate::mapping::references::normalize_external_id;
use crate::page::Page;
use crate::{Core, CoreError, CoreResult};

/// Returns a page of customers by external ID, optionally only those with a number.
pub async fn list_customers(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    number: Option<&str>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientCustomer>> {
    let number = match number {
        None => None,
        Some(text) => match CustomerNumber::parse(text) {
            Ok(Some(number)) => Some(CustomerNumber::for_comparison(&number)),
            _ => return Ok(Page::from_rows(Vec::new(), limit)),
        },
    };
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_customers(number.as_deref(), after, limit + 1).await?,
        limit,
    ))
}

/// Returns one customer by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_customer(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: CustomerId,
) -> CoreResult<ClientCustomer> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_customer(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the customer with an external ID, if there is one.
pub async fn find_customer_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientCustomer>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_customer(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns a page of locations by external ID.
pub async fn list_locations(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(
        tx.list_client_locations(after, limit + 1).await?,
        limit,
    ))
}

/// Returns one location by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_location(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: LocationId,
) -> CoreResult<ClientLocation> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_location(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the location with an external ID, if there is one.
pub async fn find_location_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientLocation>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_location(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns a page of contacts by external ID.
pub async fn list_contacts(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    after: &str,
    limit: i64,
) -> CoreResult<Page<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(Page::from_rows(tx.list_client_contacts(after, limit + 1).await?, limit))
}

/// Returns one contact by ID.
///
/// # Errors
/// `not_found`.
pub async fn get_contact(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    id: ContactId,
) -> CoreResult<ClientContact> {
    let mut tx = core.store.read(by.client()).await?;
    tx.find_client_contact(RecordKey::Id(id.uuid()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the contact with an external ID, if there is one.
pub async fn find_contact_by_external_id(
    core: &Core,
    by: ClientPermit<'_, CustomersReadScope>,
    external_id: &str,
) -> CoreResult<Option<ClientContact>> {
    let mut tx = core.store.read(by.client()).await?;
    Ok(tx
        .find_client_contact(RecordKey::ExternalId(&normalize_external_id(external_id)))
        .await?)
}

/// Returns whether a customer has a number, in normalized form.
pub fn has_number(customer: &ClientCustomer, number: &str) -> bool {
    let normalize = |text: &str| {
        CustomerNumber::parse(text)
            .ok()
            .flatten()
            .map(|number| number.for_comparison())
    };
    let expected = normalize(number);
    expected.is_some() && expected == customer.customer_number.as_deref().and_then(normalize)
}
