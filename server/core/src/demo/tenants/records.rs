//! Customers, locations and contacts with their references.

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, CustomerId, LocationId};
use domain::mapping::MappingType;
use domain::text::{CustomerNumber, ExternalId};

use crate::commit::finish;
use crate::customers::{NewContact, NewLocation};
use crate::db::TenantTx;
use crate::demo::places::{PLACES, STREETS};
use crate::demo::tenants::ZONE;
use crate::identity::actors::{ApiClient, System};
use crate::imports::ReferenceRow;
use crate::{Core, CoreError, CoreResult};

/// A customer with its external reference and those of its locations and contacts.
pub(super) struct KnownCustomer {
    pub reference: String,
    pub id: CustomerId,
    pub locations: Vec<(String, LocationId)>,
    pub contacts: Vec<(String, ContactId)>,
}

/// Inserts the references of a client's source.
pub(super) async fn create_references(core: &Core, client: &ApiClient, customers: &[KnownCustomer]) -> CoreResult<()> {
    let mut rows = Vec::new();
    for customer in customers {
        rows.push(reference_row(
            MappingType::Customer,
            &customer.reference,
            customer.id.uuid(),
        )?);
        for (reference, location) in &customer.locations {
            rows.push(reference_row(MappingType::Location, reference, location.uuid())?);
        }
        for (reference, contact) in &customer.contacts {
            rows.push(reference_row(MappingType::Contact, reference, contact.uuid())?);
        }
    }
    let mut tx = core.store.begin(client).await?;
    tx.insert_references(&mut rows).await?;
    finish(core, tx).await?;
    Ok(())
}

fn reference_row(kind: MappingType, external_id: &str, id: uuid::Uuid) -> CoreResult<ReferenceRow> {
    let external_id =
        ExternalId::parse(external_id).map_err(|_| CoreError::internal("A demo reference is not valid."))?;
    Ok(ReferenceRow {
        kind,
        external_id: external_id.as_str().to_owned(),
        id,
        vouches: true,
    })
}

pub(super) async fn create_customer(
    tx: &mut TenantTx<'_, System>,
    customer_number: &str,
    name: &str,
) -> CoreResult<CustomerId> {
    let id: CustomerId = tx.new_id();
    tx.insert_customer(
        id,
        CustomerNumber::parse(customer_number).ok().flatten().as_ref(),
        name,
        false,
    )
    .await?;
    Ok(id)
}

pub(super) async fn create_location(
    tx: &mut TenantTx<'_, System>,
    customer: CustomerId,
    name: &str,
    place_index: usize,
    house_number: usize,
    access_notes: &str,
) -> CoreResult<LocationId> {
    let (_, postal_code, city, latitude, longitude) = PLACES[place_index % PLACES.len()];
    let id: LocationId = tx.new_id();
    // Spread the locations a few hundred metres around the center of the district.
    #[expect(clippy::cast_precision_loss, reason = "house numbers are small")]
    let offset = |step: usize| ((house_number * step) % 61) as f64 / 10_000.0 - 0.003;
    let address = Address {
        street: Some(format!(
            "{} {house_number}",
            STREETS[(place_index + house_number) % STREETS.len()]
        )),
        postal_code: Some(postal_code.to_owned()),
        city: Some(city.to_owned()),
        country: Some("DE".to_owned()),
    };
    let coordinates = Coordinates::new(latitude + offset(17), longitude + offset(31));
    tx.insert_location(
        id,
        &NewLocation {
            customer,
            name,
            address: &address,
            coordinates,
            zone: ZONE,
            access_notes: Some(access_notes),
        },
    )
    .await?;
    Ok(id)
}

pub(super) async fn create_contact(
    tx: &mut TenantTx<'_, System>,
    customer: CustomerId,
    location: Option<LocationId>,
    name: &str,
    email: &str,
) -> CoreResult<ContactId> {
    let id: ContactId = tx.new_id();
    tx.insert_contact(
        id,
        &NewContact {
            customer,
            location,
            display_name: name,
            email: Some(email),
            phone: Some("+49 201 5550 142"),
        },
    )
    .await?;
    Ok(id)
}
