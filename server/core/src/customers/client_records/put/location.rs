//! Locations of a client.

use domain::customers::{Address, Coordinates, Place};
use domain::fields::{FieldCode, Patch};
use domain::ids::{CustomerId, LocationId, LocationKind};
use domain::imports::PlacePatch;
use domain::mapping::MappingSettings;
use domain::mapping::MappingType;
use domain::problems::Cause;

use crate::customers::client_records::put::{
    ClientTx, Condition, RecordForm, RecordWriter, check_create, named_customer, put_once,
};
use crate::customers::model::{ClientCustomer, ClientLocation};
use crate::customers::zone_of;
use crate::imports::LocationRow;
use crate::integrations::RecordKey;
use crate::integrations::idempotency::retry_on_conflict;
use crate::{Core, CoreError, CoreResult};

/// The fields of a location that a client sends.
#[derive(Debug, Clone)]
pub struct LocationForm {
    /// The external ID of its customer; required on creation.
    pub customer_external_id: Option<String>,
    /// Absent keeps the stored name; required on creation.
    pub name: Option<String>,
    /// Address and coordinates.
    pub place: PlacePatch,
    /// IANA time zone; absent keeps the stored one, and a new location gets that of its country or the organization.
    pub zone: Option<String>,
    /// Notes about access for technicians.
    pub access_notes: Patch<String>,
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

    const REFERENCE: MappingType = MappingType::Location;
    const CREATED: &'static str = "location.created";
    const UPDATED: &'static str = "location.updated";

    async fn find(tx: &mut ClientTx<'_>, external_id: &str) -> CoreResult<Option<ClientLocation>> {
        Ok(tx.find_client_location(RecordKey::ExternalId(external_id)).await?)
    }

    async fn customer(&self, tx: &mut ClientTx<'_>) -> CoreResult<Option<ClientCustomer>> {
        named_customer(tx, self.customer_external_id.as_deref()).await
    }

    async fn check_known(
        &self,
        _: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        known: &ClientLocation,
    ) -> CoreResult<bool> {
        if customer.is_some_and(|customer| customer.id != known.customer_id) {
            return Err(CoreError::new(Cause::LocationOfOtherCustomer));
        }
        if known.is_archived {
            return Err(CoreError::field("", FieldCode::LocationInactive));
        }
        Ok(self.values(Some(known)) != StoredLocation::of(known))
    }

    async fn update(&self, tx: &mut ClientTx<'_>, known: ClientLocation) -> CoreResult<LocationId> {
        tx.set_location(known.id, &self.values(Some(&known))).await?;
        Ok(known.id)
    }

    async fn check_new(
        &self,
        tx: &mut ClientTx<'_>,
        customer: Option<ClientCustomer>,
        settings: &MappingSettings,
    ) -> CoreResult<(CustomerId, String)> {
        let customer = customer.ok_or_else(|| CoreError::field("/customerExternalId", FieldCode::Required))?;
        if self.name.is_none() {
            return Err(CoreError::field("/name", FieldCode::Required));
        }
        check_create(settings, settings.create_locations)?;
        Ok((customer.id, tx.source_settings().await?.zone))
    }

    async fn insert(
        &self,
        tx: &mut ClientTx<'_>,
        id: LocationId,
        (customer, zone): (CustomerId, String),
    ) -> CoreResult<()> {
        let values = self.values(None);
        let row = LocationRow {
            id,
            customer,
            name: values.name.clone(),
            address: values.place.address.clone(),
            coordinates: values.place.coordinates,
            zone: self
                .zone
                .clone()
                .unwrap_or_else(|| zone_of(values.place.address.country.as_deref(), &zone)),
        };
        tx.insert_locations(&[row]).await?;
        if values.access_notes.is_some() {
            let zone = self.zone.clone();
            tx.set_location(id, &StoredLocation { zone, ..values }).await?;
        }
        Ok(())
    }
}

/// The values of a location that a client can write.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StoredLocation {
    pub name: String,
    pub place: Place,
    /// `None` keeps the stored zone.
    pub zone: Option<String>,
    pub access_notes: Option<String>,
}

impl StoredLocation {
    fn of(known: &ClientLocation) -> Self {
        Self {
            name: known.name.clone(),
            place: Place {
                address: Address {
                    street: known.street.clone(),
                    postal_code: known.postal_code.clone(),
                    city: known.city.clone(),
                    country: known.country.clone(),
                },
                coordinates: known
                    .latitude
                    .zip(known.longitude)
                    .and_then(|(lat, lon)| Coordinates::new(lat, lon)),
            },
            zone: Some(known.zone.clone()),
            access_notes: known.access_notes.clone(),
        }
    }
}

impl LocationForm {
    /// Returns the values after the write: named fields replace, absent ones are kept, null clears.
    fn values(&self, known: Option<&ClientLocation>) -> StoredLocation {
        let stored = known.map(StoredLocation::of).unwrap_or_default();
        StoredLocation {
            name: self.name.clone().unwrap_or(stored.name),
            place: self.place.over(stored.place),
            zone: self.zone.clone().or(stored.zone),
            access_notes: self.access_notes.clone().over(stored.access_notes),
        }
    }
}
