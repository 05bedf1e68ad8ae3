//! Locations of a client.

use domain::customers::{Address, Coordinates};
use domain::fields::FieldCode;
use domain::ids::{CustomerId, LocationId, LocationKind};
use domain::problems::Cause;

use crate::customers::client_records::put::{
    ClientTx, Condition, RecordForm, RecordWriter, check_gate, named_customer, put_once,
};
use crate::customers::model::{ClientCustomer, ClientLocation};
use crate::imports::{LocationRow, ReferenceKind};
use crate::integrations::RecordKey;
use crate::integrations::idempotency::retry_on_conflict;
use crate::{Core, CoreError, CoreResult};

/// The fields of a location that a client sends.
#[derive(Debug, Clone)]
pub struct LocationForm {
    /// The external ID of its customer; required on creation.
    pub customer_external_id: Option<String>,
    pub name: String,
    pub address: Address,
    pub coordinates: Option<Coordinates>,
}

/// Creates or updates a location. Its customer cannot be changed.
///
/// # Errors
/// `precondition_failed`, `feature_not_enabled`, `mapping_conflict`, field `/customerExternalId`.
pub async fn put_location(
    core: &Core,
    by: RecordWriter<'_>,
    external_id: &str,
    condition: Condition,
    form: &LocationForm,
) -> CoreResult<(ClientLocation, bool)> {
    retry_on_conflict!(put_once(core, by, external_id, condition, form))
}

impl RecordForm for LocationForm {
    type Kind = LocationKind;
    type Record = ClientLocation;
    type Customer = Option<ClientCustomer>;
    /// The customer and the time zone.
    type New = (CustomerId, String);

    const REFERENCE: ReferenceKind = ReferenceKind::Location;
    const CREATED: &'static str = "location.created";
    const UPDATED: &'static str = "location.updated";

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<ClientLocation>> {
        Ok(tx.find_client_location(RecordKey::ExternalId(external_id)).await?)
    }

    async fn customer(&self, tx: &mut ClientTx<'_>) -> CoreResult<Option<ClientCustomer>> {
        named_customer(tx, self.customer_external_id.as_deref()).await
    }

    async fn update(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        known: ClientLocation,
    ) -> CoreResult<Option<LocationId>> {
        if customer.is_some_and(|customer| customer.id != known.customer_id) {
            return Err(CoreError::new(Cause::LocationOfOtherCustomer));
        }
        if known.is_archived {
            return Err(CoreError::field("", FieldCode::LocationInactive));
        }
        tx.set_location(known.id, &self.name, &self.address, self.coordinates)
            .await?;
        Ok(Some(known.id))
    }

    async fn check_new(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
    ) -> CoreResult<(CustomerId, String)> {
        let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
        check_gate(tx).await?;
        Ok((customer.id, tx.source_settings().await?.zone))
    }

    async fn insert(
        &self,
        tx: &mut ClientTx<'_>,
        id: LocationId,
        (customer, zone): (CustomerId, String),
    ) -> CoreResult<()> {
        let row = LocationRow {
            id,
            customer,
            name: self.name.clone(),
            address: self.address.clone(),
            coordinates: self.coordinates,
            zone,
        };
        tx.insert_locations(&[row]).await?;
        Ok(())
    }
}
