//! Customers, locations and contacts that an integration client reads and writes, limited to its own source system.

use domain::ids::{ContactId, LocationId};
use domain::text::{CustomerNumber, name_for_comparison};
use uuid::Uuid;

use crate::customers::client_records::StoredLocation;
use crate::customers::model::{ClientContact, ClientCustomer, ClientLocation};
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, ApiClient, Operator};
use crate::integrations::RecordKey;

macro_rules! select_customer {
    () => {
        r"
            SELECT
                customer.id, reference.external_id, customer.customer_number, customer.name,
                (customer.archived_at IS NOT NULL) AS is_archived, customer.merged_into,
                customer.created_at, customer.updated_at
            FROM external_reference AS reference
            JOIN customer ON customer.tenant_id = reference.tenant_id AND customer.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'customer'
        "
    };
}
const SELECT_CUSTOMERS: &str = concat!(
    select_customer!(),
    r"
      AND reference.external_id > $3
    ORDER BY reference.external_id
    LIMIT $4
"
);
const SELECT_CUSTOMERS_BY_NUMBER: &str = concat!(
    select_customer!(),
    "AND reference.external_id > $3 AND customer.number_key = $5 ORDER BY reference.external_id LIMIT $4"
);
const SELECT_CUSTOMER: &str = concat!(
    select_customer!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_CUSTOMER_BY_EXTERNAL_ID: &str = concat!(select_customer!(), "AND reference.external_id = $3");
macro_rules! select_location {
    () => {
        r"
            SELECT
                location.id, reference.external_id, location.customer_id, location.name, location.street,
                location.postal_code, location.city, location.country, location.latitude,
                location.longitude, location.zone, location.access_notes, (location.archived_at IS NOT NULL) AS is_archived,
                location.created_at, location.updated_at
            FROM external_reference AS reference
            JOIN location ON location.tenant_id = reference.tenant_id AND location.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'location'
        "
    };
}
const SELECT_LOCATIONS: &str = concat!(
    select_location!(),
    r"
      AND reference.external_id > $3
    ORDER BY reference.external_id
    LIMIT $4
"
);
const SELECT_LOCATION: &str = concat!(
    select_location!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_LOCATION_BY_EXTERNAL_ID: &str = concat!(select_location!(), "AND reference.external_id = $3");
macro_rules! select_contact {
    () => {
        r"
            SELECT
                contact.id, reference.external_id, contact.customer_id, contact.location_id,
                contact.display_name, contact.email, contact.phone, contact.created_at, contact.updated_at
            FROM external_reference AS reference
            JOIN contact ON contact.tenant_id = reference.tenant_id AND contact.id = reference.entity_id
            WHERE reference.tenant_id = $1
              AND reference.source_system_id = $2
              AND reference.entity_type = 'contact'
        "
    };
}
const SELECT_CONTACTS: &str = concat!(
    select_contact!(),
    "AND reference.external_id > $3 ORDER BY reference.external_id LIMIT $4"
);
const SELECT_CONTACT: &str = concat!(
    select_contact!(),
    "AND reference.entity_id = $3 ORDER BY reference.external_id LIMIT 1"
);
const SELECT_CONTACT_BY_EXTERNAL_ID: &str = concat!(select_contact!(), "AND reference.external_id = $3");
const SELECT_CUSTOMER_WITH_NUMBER: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND number_key = $2
    LIMIT 1
";
const SELECT_CUSTOMER_WITH_NAME: &str = r"
    SELECT id
    FROM customer
    WHERE tenant_id = $1
      AND name_key = $2
    LIMIT 1
";
const SELECT_VOUCHES: &str = r"
    SELECT vouches
    FROM external_reference
    WHERE tenant_id = $1
      AND source_system_id = $2
      AND entity_type = 'customer'
      AND external_id = $3
";
const UPDATE_LOCATION: &str = r"
    UPDATE location
    SET
        name = $3, street = $4, postal_code = $5, city = $6, country = $7, latitude = $8, longitude = $9,
        updated_at = $10, zone = COALESCE($11, zone), access_notes = $12, updated_by = $13
    WHERE tenant_id = $1
      AND id = $2
";
const UPDATE_CONTACT: &str = r"
    UPDATE contact
    SET display_name = $3, email = $4, phone = $5, updated_at = $6, updated_by = $7
    WHERE tenant_id = $1
      AND id = $2
";

impl TenantTx<'_, ApiClient> {
    /// Returns a page of the customers that are linked in the client's source, by external ID.
    pub(crate) async fn list_client_customers(
        &mut self,
        number: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientCustomer>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        match number {
            None => {
                self.tx
                    .fetch_all::<ClientCustomer>(SELECT_CUSTOMERS, (tenant, source, after, limit))
                    .await
            }
            Some(key) => {
                self.tx
                    .fetch_all::<ClientCustomer>(SELECT_CUSTOMERS_BY_NUMBER, (tenant, source, after, limit, key))
                    .await
            }
        }
    }

    pub(crate) async fn find_client_customer(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientCustomer>, StoreError> {
        self.find_record(which, SELECT_CUSTOMER, SELECT_CUSTOMER_BY_EXTERNAL_ID)
            .await
    }

    pub(crate) async fn list_client_locations(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientLocation>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_all::<ClientLocation>(SELECT_LOCATIONS, (tenant, source, after, limit))
            .await
    }

    pub(crate) async fn find_client_location(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientLocation>, StoreError> {
        self.find_record(which, SELECT_LOCATION, SELECT_LOCATION_BY_EXTERNAL_ID)
            .await
    }

    pub(crate) async fn list_client_contacts(
        &mut self,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ClientContact>, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        self.tx
            .fetch_all::<ClientContact>(SELECT_CONTACTS, (tenant, source, after, limit))
            .await
    }

    pub(crate) async fn find_client_contact(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientContact>, StoreError> {
        self.find_record(which, SELECT_CONTACT, SELECT_CONTACT_BY_EXTERNAL_ID)
            .await
    }

    /// Returns whether a customer of the tenant has this name.
    pub(crate) async fn is_customer_name_used(&mut self, name: &str) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let key = name_for_comparison(name);
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_CUSTOMER_WITH_NAME, (tenant, &key))
            .await?
            .is_some())
    }

    /// Returns whether an external ID of a customer vouches for it.
    pub(crate) async fn is_customer_vouched(&mut self, external_id: &str) -> Result<bool, StoreError> {
        let (tenant, source) = (self.actor.tenant().uuid(), self.actor.source_system().uuid());
        let row = self
            .tx
            .fetch_optional::<(bool,)>(SELECT_VOUCHES, (tenant, source, external_id))
            .await?;
        Ok(row.is_none_or(|(vouches,)| vouches))
    }

    pub(crate) async fn set_contact(
        &mut self,
        id: ContactId,
        display_name: &str,
        email: Option<&str>,
        phone: Option<&str>,
    ) -> Result<(), StoreError> {
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        self.tx
            .execute(UPDATE_CONTACT, (tenant, id.uuid(), display_name, email, phone, now, by))
            .await
            .map(drop)
    }
}

impl<A: Operator> TenantTx<'_, A> {
    /// Locks a customer number against concurrent assignment until the transaction ends.
    pub(crate) async fn lock_customer_number(&mut self, number: &CustomerNumber) -> Result<(), StoreError> {
        self.lock(CustomerNumber::for_comparison(number)).await
    }

    /// Returns whether a customer of the tenant has this number.
    pub(crate) async fn is_customer_number_used(&mut self, number: &CustomerNumber) -> Result<bool, StoreError> {
        let tenant = self.tenant();
        let key = CustomerNumber::for_comparison(number);
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_CUSTOMER_WITH_NUMBER, (tenant, &key))
            .await?
            .is_some())
    }

    pub(crate) async fn set_location(&mut self, id: LocationId, values: &StoredLocation) -> Result<(), StoreError> {
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        let (address, coordinates) = (&values.place.address, values.place.coordinates);
        self.tx
            .execute(
                UPDATE_LOCATION,
                (
                    tenant,
                    id.uuid(),
                    &values.name,
                    address.street.as_deref(),
                    address.postal_code.as_deref(),
                    address.city.as_deref(),
                    address.country.as_deref(),
                    coordinates.map(|place| place.lat),
                    coordinates.map(|place| place.lon),
                    now,
                    values.zone.as_deref(),
                    values.access_notes.as_deref(),
                    by,
                ),
            )
            .await
            .map(drop)
    }
}
