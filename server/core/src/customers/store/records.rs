//! Customers, locations and contacts.

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, CustomerId, Id, LocationId};
use domain::text::{CustomerNumber, name_for_comparison};

use crate::customers::model::{ContactSummary, CustomerSummary, LocationSummary};
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::db::bulk::escape_like;
use crate::identity::actors::{Operator, Staff};

/// A location to insert.
pub(crate) struct NewLocation<'a> {
    pub customer: CustomerId,
    pub name: &'a str,
    pub address: &'a Address,
    pub coordinates: Option<Coordinates>,
    pub zone: &'a str,
    pub access_notes: Option<&'a str>,
}

/// A contact to insert.
pub(crate) struct NewContact<'a> {
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub display_name: &'a str,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
}

const INSERT_CUSTOMER: &str = r"
    INSERT INTO customer (
        tenant_id, id, customer_number, number_key, name, name_key, archived_at, created_at, updated_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
";
const UPDATE_CUSTOMER_NAME: &str = r"
    UPDATE customer
    SET name = $3, name_key = $4, updated_at = $5, updated_by = $6
    WHERE tenant_id = $1
      AND id = $2
";
const INSERT_LOCATION: &str = r"
    INSERT INTO location (
        tenant_id, id, customer_id, name, street, postal_code, city, country, latitude, longitude, zone,
        access_notes, created_at, updated_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
";
pub(crate) const INSERT_CONTACT: &str = r"
    INSERT INTO contact (
        tenant_id, id, customer_id, location_id, display_name, email, phone, created_at, updated_at
    )
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
";
const SELECT_CUSTOMERS: &str = r"
    SELECT
        customer.id, customer.customer_number, customer.name,
        (customer.archived_at IS NOT NULL) AS is_archived,
        (
            SELECT count(*)
            FROM location
            WHERE location.tenant_id = customer.tenant_id
              AND location.customer_id = customer.id
              AND location.archived_at IS NULL
        ) AS locations,
        (
            SELECT count(*)
            FROM target
            WHERE target.tenant_id = customer.tenant_id
              AND target.customer_id = customer.id
              AND target.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
        ) AS open_targets
    FROM customer
    WHERE customer.tenant_id = $1
      AND (customer.name_key, customer.id) > ($2, $3)
      AND ($4 = '' OR customer.name_key LIKE $5 ESCAPE '!' OR customer.number_key LIKE $6 ESCAPE '!')
      AND ($8 OR customer.archived_at IS NULL)
    ORDER BY customer.name_key, customer.id
    LIMIT $7
";
const SELECT_CUSTOMER: &str = r"
    SELECT
        customer.id, customer.customer_number, customer.name,
        (customer.archived_at IS NOT NULL) AS is_archived,
        (
            SELECT count(*)
            FROM location
            WHERE location.tenant_id = customer.tenant_id
              AND location.customer_id = customer.id
              AND location.archived_at IS NULL
        ) AS locations,
        (
            SELECT count(*)
            FROM target
            WHERE target.tenant_id = customer.tenant_id
              AND target.customer_id = customer.id
              AND target.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
        ) AS open_targets
    FROM customer
    WHERE customer.tenant_id = $1
      AND customer.id = $2
";
const SELECT_LOCATIONS: &str = r"
    SELECT
        id, name, street, postal_code, city, zone, access_notes, latitude, longitude,
        (archived_at IS NOT NULL) AS is_archived
    FROM location
    WHERE tenant_id = $1
      AND customer_id = $2
    ORDER BY (archived_at IS NOT NULL), name, id
    LIMIT 1000
";
const SELECT_LOCATION_OF_CUSTOMER: &str = r"
    SELECT
        id, name, street, postal_code, city, zone, access_notes, latitude, longitude,
        (archived_at IS NOT NULL) AS is_archived
    FROM location
    WHERE tenant_id = $1
      AND customer_id = $2
      AND id = $3
";
const SELECT_CONTACT_OF_CUSTOMER: &str = r"
    SELECT (archived_at IS NOT NULL) AS is_archived
    FROM contact
    WHERE tenant_id = $1
      AND customer_id = $2
      AND id = $3
";
const SELECT_CONTACTS: &str = r"
    SELECT
        contact.id, contact.display_name, contact.email, contact.phone, location.name AS location_name,
        location.zone AS location_zone, (portal_account.id IS NOT NULL) AS has_portal_access,
        (contact.archived_at IS NOT NULL) AS is_archived
    FROM contact
    LEFT JOIN location ON location.tenant_id = contact.tenant_id AND location.id = contact.location_id
    LEFT JOIN portal_account ON portal_account.tenant_id = contact.tenant_id
        AND portal_account.contact_id = contact.id
    WHERE contact.tenant_id = $1
      AND contact.customer_id = $2
    ORDER BY (contact.archived_at IS NOT NULL), contact.display_name, contact.id
    LIMIT 1000
";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_customer(
        &mut self,
        id: CustomerId,
        number: Option<&CustomerNumber>,
        name: &str,
        archived: bool,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_CUSTOMER,
                (
                    tenant,
                    id.uuid(),
                    number.map(CustomerNumber::as_str),
                    number.map(CustomerNumber::for_comparison),
                    name,
                    name_for_comparison(name),
                    archived.then_some(now),
                    now,
                ),
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn rename_customer(&mut self, id: CustomerId, name: &str) -> Result<(), StoreError> {
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        self.tx
            .execute(
                UPDATE_CUSTOMER_NAME,
                (tenant, id.uuid(), name, name_for_comparison(name), now, by),
            )
            .await
            .map(drop)
    }

    pub(crate) async fn insert_location(&mut self, id: LocationId, new: &NewLocation<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_LOCATION,
                (
                    tenant,
                    id.uuid(),
                    new.customer.uuid(),
                    new.name,
                    new.address.street.as_deref(),
                    new.address.postal_code.as_deref(),
                    new.address.city.as_deref(),
                    new.address.country.as_deref(),
                    new.coordinates.map(|place| place.lat),
                    new.coordinates.map(|place| place.lon),
                    new.zone,
                    new.access_notes,
                    now,
                ),
            )
            .await?;
        Ok(())
    }

    pub(crate) async fn insert_contact(&mut self, id: ContactId, new: &NewContact<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(
                INSERT_CONTACT,
                (
                    tenant,
                    id.uuid(),
                    new.customer.uuid(),
                    new.location.map(Id::uuid),
                    new.display_name,
                    new.email,
                    new.phone,
                    now,
                ),
            )
            .await?;
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// Returns a page of customers by name. `after` is the name key and ID of the last row of the previous page.
    pub(crate) async fn customers(
        &mut self,
        search: &str,
        with_archived: bool,
        after: Option<(&str, CustomerId)>,
        limit: i64,
    ) -> Result<Vec<CustomerSummary>, StoreError> {
        let tenant = self.tenant();
        let (name_key, id) = after.map_or(("", uuid::Uuid::nil()), |(name_key, id)| (name_key, id.uuid()));
        let pattern = |text: String| format!("%{}%", escape_like(&text));
        let (by_name, by_number) = (
            pattern(name_for_comparison(search)),
            pattern(search.trim().to_uppercase()),
        );
        self.tx
            .fetch_all::<CustomerSummary>(
                SELECT_CUSTOMERS,
                (
                    tenant,
                    name_key,
                    id,
                    search.trim(),
                    &by_name,
                    &by_number,
                    limit,
                    with_archived,
                ),
            )
            .await
    }

    pub(crate) async fn customer(&mut self, id: CustomerId) -> Result<Option<CustomerSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional::<CustomerSummary>(SELECT_CUSTOMER, (tenant, id.uuid()))
            .await
    }

    pub(crate) async fn locations_of(&mut self, id: CustomerId) -> Result<Vec<LocationSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<LocationSummary>(SELECT_LOCATIONS, (tenant, id.uuid()))
            .await
    }

    /// Returns a location if it is one of the customer's.
    pub(crate) async fn location_of(
        &mut self,
        customer: CustomerId,
        id: LocationId,
    ) -> Result<Option<LocationSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_optional(SELECT_LOCATION_OF_CUSTOMER, (tenant, customer.uuid(), id.uuid()))
            .await
    }

    /// Returns whether a contact of the customer is archived; `None` if it is none of the customer's.
    pub(crate) async fn is_contact_archived(
        &mut self,
        customer: CustomerId,
        id: ContactId,
    ) -> Result<Option<bool>, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_optional::<(bool,)>(SELECT_CONTACT_OF_CUSTOMER, (tenant, customer.uuid(), id.uuid()))
            .await?;
        Ok(row.map(|(is_archived,)| is_archived))
    }

    pub(crate) async fn contacts_of(&mut self, id: CustomerId) -> Result<Vec<ContactSummary>, StoreError> {
        let tenant = self.tenant();
        self.tx
            .fetch_all::<ContactSummary>(SELECT_CONTACTS, (tenant, id.uuid()))
            .await
    }
}
