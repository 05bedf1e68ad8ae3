//! Customers, locations and contacts.

use domain::customers::{Address, Coordinates};
use domain::ids::{ContactId, CustomerId, Id, LocationId};
use domain::text::{CustomerNumber, name_for_comparison};

use crate::customers::model::{ContactLine, CustomerLine, LocationLine};
use crate::db::TenantTx;
use crate::db::bulk::escape_like;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::{Operator, Staff};

/// A location to make.
pub(crate) struct NewLocation<'a> {
    pub customer: CustomerId,
    pub name: &'a str,
    pub address: &'a Address,
    pub coordinates: Option<Coordinates>,
    pub zone: &'a str,
    pub access_notes: Option<&'a str>,
}

/// A contact to make.
pub(crate) struct NewContact<'a> {
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub display_name: &'a str,
    pub email: Option<&'a str>,
    pub phone: Option<&'a str>,
}

const INSERT_CUSTOMER: &str = "INSERT INTO customer (tenant_id, id, customer_number, number_key, name, name_key, archived_at, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
const RENAME_CUSTOMER: &str =
    "UPDATE customer SET name = $3, name_key = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2";
const INSERT_LOCATION: &str = "INSERT INTO location (tenant_id, id, customer_id, name, street, postal_code, city, country, latitude, longitude, zone, access_notes, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
pub(crate) const INSERT_CONTACT: &str = "INSERT INTO contact (tenant_id, id, customer_id, location_id, display_name, email, phone, created_at, updated_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)";
const CUSTOMERS: &str = "SELECT c.id, c.customer_number, c.name, (c.archived_at IS NOT NULL) AS is_archived, \
    (SELECT count(*) FROM location l WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.id) AS locations, \
    (SELECT count(*) FROM target t WHERE t.tenant_id = c.tenant_id AND t.customer_id = c.id AND t.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')) AS open_targets \
    FROM customer c WHERE c.tenant_id = $1 AND (c.name_key, c.id) > ($2, $3) AND ($4 = '' OR c.name_key LIKE $5 ESCAPE '!' OR c.number_key LIKE $6 ESCAPE '!') \
    ORDER BY c.name_key, c.id LIMIT $7";
const CUSTOMER: &str = "SELECT c.id, c.customer_number, c.name, (c.archived_at IS NOT NULL) AS is_archived, \
    (SELECT count(*) FROM location l WHERE l.tenant_id = c.tenant_id AND l.customer_id = c.id) AS locations, \
    (SELECT count(*) FROM target t WHERE t.tenant_id = c.tenant_id AND t.customer_id = c.id AND t.status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')) AS open_targets \
    FROM customer c WHERE c.tenant_id = $1 AND c.id = $2";
const LOCATIONS: &str = "SELECT id, name, street, postal_code, city, zone, access_notes, latitude, longitude FROM location WHERE tenant_id = $1 AND customer_id = $2 ORDER BY name, id LIMIT 200";
const CONTACTS: &str = "SELECT c.id, c.display_name, c.email, c.phone, l.name AS location_name, (p.id IS NOT NULL) AS has_portal_access \
    FROM contact c LEFT JOIN location l ON l.tenant_id = c.tenant_id AND l.id = c.location_id \
    LEFT JOIN portal_account p ON p.tenant_id = c.tenant_id AND p.contact_id = c.id \
    WHERE c.tenant_id = $1 AND c.customer_id = $2 ORDER BY c.display_name, c.id LIMIT 200";

impl<A: Operator> TenantTx<'_, A> {
    pub(crate) async fn insert_customer(
        &mut self,
        id: CustomerId,
        number: Option<&CustomerNumber>,
        name: &str,
        archived: bool,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_CUSTOMER,
            tenant,
            id.uuid(),
            number.map(CustomerNumber::as_str),
            number.map(CustomerNumber::for_comparison),
            name,
            name_for_comparison(name),
            archived.then_some(now),
            now
        )?;
        Ok(())
    }

    pub(crate) async fn rename_customer(&mut self, id: CustomerId, name: &str) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            RENAME_CUSTOMER,
            tenant,
            id.uuid(),
            name,
            name_for_comparison(name),
            now
        )
        .map(drop)
    }

    pub(crate) async fn insert_location(&mut self, id: LocationId, new: &NewLocation<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_LOCATION,
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
            now
        )?;
        Ok(())
    }

    pub(crate) async fn insert_contact(&mut self, id: ContactId, new: &NewContact<'_>) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_CONTACT,
            tenant,
            id.uuid(),
            new.customer.uuid(),
            new.location.map(Id::uuid),
            new.display_name,
            new.email,
            new.phone,
            now
        )?;
        Ok(())
    }
}

impl TenantTx<'_, Staff> {
    /// A page of customers by name; `after` is the name key and id of the last one of the page before.
    pub(crate) async fn customers(
        &mut self,
        search: &str,
        after: Option<(&str, CustomerId)>,
        limit: i64,
    ) -> Result<Vec<CustomerLine>, StoreError> {
        let tenant = self.tenant();
        let (name_key, id) = after.map_or(("", uuid::Uuid::nil()), |(name_key, id)| (name_key, id.uuid()));
        let pattern = |text: String| format!("%{}%", escape_like(&text));
        let (by_name, by_number) = (
            pattern(name_for_comparison(search)),
            pattern(search.trim().to_uppercase()),
        );
        all!(
            &mut self.tx,
            CustomerLine,
            CUSTOMERS,
            tenant,
            name_key,
            id,
            search.trim(),
            &by_name,
            &by_number,
            limit
        )
    }

    pub(crate) async fn customer(&mut self, id: CustomerId) -> Result<Option<CustomerLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, CustomerLine, CUSTOMER, tenant, id.uuid())
    }

    pub(crate) async fn locations_of(&mut self, id: CustomerId) -> Result<Vec<LocationLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, LocationLine, LOCATIONS, tenant, id.uuid())
    }

    pub(crate) async fn contacts_of(&mut self, id: CustomerId) -> Result<Vec<ContactLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, ContactLine, CONTACTS, tenant, id.uuid())
    }
}
