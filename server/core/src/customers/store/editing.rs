//! Customers, locations and contacts that staff edit.

use domain::ids::{ContactId, CustomerId, Id, LocationId};
use domain::text::{CustomerNumber, name_for_comparison};

use crate::customers::editing::SimilarTo;
use crate::customers::model::{ContactRecord, CustomerRecord, LocationRecord, SimilarCustomer};
use crate::customers::{NewContact, NewLocation};
use crate::db::bulk::escape_like;
use crate::db::{EngineSql, StoreError, TenantTx};
use crate::identity::actors::{Actor as _, Staff};

macro_rules! select_customer {
    () => {
        r"
            SELECT
                id, customer_number, name, (archived_at IS NOT NULL) AS is_archived,
                (merged_into IS NOT NULL) AS is_merged
            FROM customer
            WHERE tenant_id = $1
              AND id = $2
        "
    };
}
macro_rules! select_location {
    () => {
        r"
            SELECT
                id, customer_id, name, street, postal_code, city, country, latitude, longitude, zone, access_notes,
                (archived_at IS NOT NULL) AS is_archived
            FROM location
            WHERE tenant_id = $1
              AND id = $2
        "
    };
}
macro_rules! select_contact {
    () => {
        r"
            SELECT
                id, customer_id, location_id, display_name, email, phone,
                (archived_at IS NOT NULL) AS is_archived,
                EXISTS (
                    SELECT 1
                    FROM portal_account
                    WHERE portal_account.tenant_id = contact.tenant_id
                      AND portal_account.contact_id = contact.id
                      AND portal_account.locked_at IS NULL
                ) AS has_portal_access
            FROM contact
            WHERE tenant_id = $1
              AND id = $2
        "
    };
}
const SELECT_CUSTOMER: &str = select_customer!();
const SELECT_LOCATION: &str = select_location!();
const SELECT_CONTACT: &str = select_contact!();
static LOCK_CUSTOMER: EngineSql = EngineSql::new(concat!(select_customer!(), "FOR UPDATE"));
static LOCK_LOCATION: EngineSql = EngineSql::new(concat!(select_location!(), "FOR UPDATE"));
static LOCK_CONTACT: EngineSql = EngineSql::new(concat!(select_contact!(), "FOR UPDATE"));
const UPDATE_CUSTOMER: &str = r"
    UPDATE customer
    SET name = $3, name_key = $4, customer_number = $5, number_key = $6, updated_at = $7, updated_by = $8
    WHERE tenant_id = $1
      AND id = $2
";
const UPDATE_CONTACT: &str = r"
    UPDATE contact
    SET
        display_name = $3, email = $4, phone = $5, location_id = $6, updated_at = $7, updated_by = $8
    WHERE tenant_id = $1
      AND id = $2
";
const ARCHIVE_CUSTOMER: &str = r"
    UPDATE customer
    SET archived_at = $3, updated_at = $4, updated_by = $5
    WHERE tenant_id = $1
      AND id = $2
";
const ARCHIVE_LOCATION: &str = r"
    UPDATE location
    SET archived_at = $3, updated_at = $4, updated_by = $5
    WHERE tenant_id = $1
      AND id = $2
";
const ARCHIVE_CONTACT: &str = r"
    UPDATE contact
    SET archived_at = $3, updated_at = $4, updated_by = $5
    WHERE tenant_id = $1
      AND id = $2
";
const COUNT_OPEN_WORK_OF_CUSTOMER: &str = r"
    SELECT (
        SELECT count(*)
        FROM target
        WHERE tenant_id = $1
          AND customer_id = $2
          AND status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
    ) + (
        SELECT count(*)
        FROM request
        WHERE tenant_id = $1
          AND customer_id = $2
          AND status IN ('submitted', 'in_review', 'accepted')
    )
";
const COUNT_OPEN_WORK_AT_LOCATION: &str = r"
    SELECT (
        SELECT count(*)
        FROM target
        WHERE tenant_id = $1
          AND location_id = $2
          AND status IN ('open', 'scheduled', 'dispatched', 'en_route', 'on_site')
    ) + (
        SELECT count(*)
        FROM request
        WHERE tenant_id = $1
          AND location_id = $2
          AND status IN ('submitted', 'in_review', 'accepted')
    )
";
const SELECT_SAME_LOCATION: &str = r"
    SELECT id
    FROM location
    WHERE tenant_id = $1
      AND customer_id = $2
      AND archived_at IS NULL
      AND name = $3
      AND COALESCE(street, '') = $4
      AND COALESCE(postal_code, '') = $5
      AND COALESCE(city, '') = $6
      AND COALESCE(country, '') = $7
      AND COALESCE(access_notes, '') = $8
      AND zone = $9
      AND COALESCE(latitude, 999.0) = $10
      AND COALESCE(longitude, 999.0) = $11
    LIMIT 1
";
const SELECT_SAME_CONTACT: &str = r"
    SELECT id
    FROM contact
    WHERE tenant_id = $1
      AND customer_id = $2
      AND archived_at IS NULL
      AND display_name = $3
      AND COALESCE(email, '') = $4
      AND COALESCE(phone, '') = $5
      AND ((location_id IS NULL AND $6 IS NULL) OR location_id = $6)
    LIMIT 1
";
/// $2 name key, $3 pattern of a part of the name, $4 email in lower case, $5 phone number, $6 street in lower case, $7 postal code,
/// $8 street as typed: databases change the case of ASCII letters only. Empty texts match nothing.
const SELECT_SIMILAR: &str = r"
    SELECT
        customer.id, customer.customer_number, customer.name, (customer.archived_at IS NOT NULL) AS is_archived,
        (customer.name_key = $2) AS has_same_name,
        EXISTS (
            SELECT 1
            FROM contact
            WHERE contact.tenant_id = customer.tenant_id
              AND contact.customer_id = customer.id
              AND (lower(contact.email) = $4 OR (contact.phone = $5 AND $5 <> ''))
        ) AS has_same_contact,
        EXISTS (
            SELECT 1
            FROM location
            WHERE location.tenant_id = customer.tenant_id
              AND location.customer_id = customer.id
              AND location.postal_code = $7
              AND (lower(location.street) = $6 OR location.street = $8)
        ) AS has_same_address
    FROM customer
    WHERE customer.tenant_id = $1
      AND customer.merged_into IS NULL
      AND customer.id IN (
          SELECT id
          FROM customer
          WHERE tenant_id = $1
            AND name_key = $2
          UNION
          SELECT id
          FROM (
              SELECT id
              FROM customer
              WHERE tenant_id = $1
                AND $3 <> ''
                AND name_key LIKE $3 ESCAPE '!'
              ORDER BY name_key, id
              LIMIT 20
          ) AS part
          UNION
          SELECT customer_id
          FROM contact
          WHERE tenant_id = $1
            AND lower(email) = $4
          UNION
          SELECT customer_id
          FROM contact
          WHERE tenant_id = $1
            AND phone = $5
            AND $5 <> ''
          UNION
          SELECT customer_id
          FROM location
          WHERE tenant_id = $1
            AND postal_code = $7
            AND (lower(street) = $6 OR street = $8)
      )
    ORDER BY has_same_name DESC, has_same_contact DESC, has_same_address DESC, customer.name_key, customer.id
    LIMIT 6
";

impl TenantTx<'_, Staff> {
    pub(crate) async fn customer_record(&mut self, id: CustomerId) -> Result<Option<CustomerRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(SELECT_CUSTOMER, (tenant, id.uuid())).await
    }

    pub(crate) async fn location_record(&mut self, id: LocationId) -> Result<Option<LocationRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(SELECT_LOCATION, (tenant, id.uuid())).await
    }

    pub(crate) async fn contact_record(&mut self, id: ContactId) -> Result<Option<ContactRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(SELECT_CONTACT, (tenant, id.uuid())).await
    }

    /// Returns a customer that stays as it is until the transaction ends.
    pub(crate) async fn lock_customer_record(&mut self, id: CustomerId) -> Result<Option<CustomerRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(&LOCK_CUSTOMER, (tenant, id.uuid())).await
    }

    /// Returns a location that stays as it is until the transaction ends.
    pub(crate) async fn lock_location_record(&mut self, id: LocationId) -> Result<Option<LocationRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(&LOCK_LOCATION, (tenant, id.uuid())).await
    }

    /// Returns a contact that stays as it is until the transaction ends.
    pub(crate) async fn lock_contact_record(&mut self, id: ContactId) -> Result<Option<ContactRecord>, StoreError> {
        let tenant = self.tenant();
        self.tx.fetch_optional(&LOCK_CONTACT, (tenant, id.uuid())).await
    }

    pub(crate) async fn update_customer(
        &mut self,
        id: CustomerId,
        name: &str,
        number: Option<&CustomerNumber>,
    ) -> Result<(), StoreError> {
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        let row = (
            tenant,
            id.uuid(),
            name,
            name_for_comparison(name),
            number.map(CustomerNumber::as_str),
            number.map(CustomerNumber::for_comparison),
            now,
            by,
        );
        self.tx.execute(UPDATE_CUSTOMER, row).await.map(drop)
    }

    pub(crate) async fn update_contact(
        &mut self,
        id: ContactId,
        name: &str,
        email: Option<&str>,
        phone: Option<&str>,
        location: Option<LocationId>,
    ) -> Result<(), StoreError> {
        let (tenant, now, by) = (self.tenant(), self.now, self.actor.label());
        let row = (tenant, id.uuid(), name, email, phone, location.map(Id::uuid), now, by);
        self.tx.execute(UPDATE_CONTACT, row).await.map(drop)
    }

    pub(crate) async fn archive_customer(&mut self, id: CustomerId, is_archived: bool) -> Result<(), StoreError> {
        let row = self.archive_row(id.uuid(), is_archived);
        self.tx.execute(ARCHIVE_CUSTOMER, row).await.map(drop)
    }

    pub(crate) async fn archive_location(&mut self, id: LocationId, is_archived: bool) -> Result<(), StoreError> {
        let row = self.archive_row(id.uuid(), is_archived);
        self.tx.execute(ARCHIVE_LOCATION, row).await.map(drop)
    }

    pub(crate) async fn archive_contact(&mut self, id: ContactId, is_archived: bool) -> Result<(), StoreError> {
        let row = self.archive_row(id.uuid(), is_archived);
        self.tx.execute(ARCHIVE_CONTACT, row).await.map(drop)
    }

    fn archive_row(&self, id: uuid::Uuid, is_archived: bool) -> ArchiveRow {
        let at = is_archived.then_some(self.now);
        (self.tenant(), id, at, self.now, self.actor.label())
    }

    /// Returns the number of open jobs and requests of a customer.
    pub(crate) async fn open_work_of_customer(&mut self, id: CustomerId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_one::<(i64,)>(COUNT_OPEN_WORK_OF_CUSTOMER, (tenant, id.uuid()));
        Ok(row.await?.0)
    }

    /// Returns the number of open jobs and requests at a location.
    pub(crate) async fn open_work_at_location(&mut self, id: LocationId) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_one::<(i64,)>(COUNT_OPEN_WORK_AT_LOCATION, (tenant, id.uuid()));
        Ok(row.await?.0)
    }

    /// Returns customers that could be the described one, the most similar first.
    pub(crate) async fn similar_customers(&mut self, to: &SimilarTo) -> Result<Vec<SimilarCustomer>, StoreError> {
        let tenant = self.tenant();
        let part = to.part_of_name();
        let pattern = part.map_or_else(String::new, |part| format!("%{}%", escape_like(&part)));
        let row = (
            tenant,
            name_for_comparison(&to.name),
            pattern,
            to.email.to_lowercase(),
            to.phone.as_str(),
            to.street.to_lowercase(),
            to.postal_code.as_str(),
            to.street.as_str(),
        );
        self.tx.fetch_all(SELECT_SIMILAR, row).await
    }

    /// Returns a location with the same content.
    pub(crate) async fn same_location(&mut self, new: &NewLocation<'_>) -> Result<Option<LocationId>, StoreError> {
        let (tenant, address) = (self.tenant(), new.address);
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let row = (
            tenant,
            new.customer.uuid(),
            new.name,
            text(&address.street),
            text(&address.postal_code),
            text(&address.city),
            text(&address.country),
            new.access_notes.unwrap_or_default(),
            new.zone,
            new.coordinates.map_or(NO_DEGREES, |place| place.lat),
            new.coordinates.map_or(NO_DEGREES, |place| place.lon),
        );
        let found = self
            .tx
            .fetch_optional::<(uuid::Uuid,)>(SELECT_SAME_LOCATION, row)
            .await?;
        Ok(found.map(|(id,)| LocationId::from_uuid(id)))
    }

    /// Returns a contact with the same content.
    pub(crate) async fn same_contact(&mut self, new: &NewContact<'_>) -> Result<Option<ContactId>, StoreError> {
        let tenant = self.tenant();
        let row = (
            tenant,
            new.customer.uuid(),
            new.display_name,
            new.email.unwrap_or_default(),
            new.phone.unwrap_or_default(),
            new.location.map(Id::uuid),
        );
        let found = self
            .tx
            .fetch_optional::<(uuid::Uuid,)>(SELECT_SAME_CONTACT, row)
            .await?;
        Ok(found.map(|(id,)| ContactId::from_uuid(id)))
    }
}

/// Stands for unknown coordinates in a comparison; no place has it.
const NO_DEGREES: f64 = 999.0;

/// Tenant, ID, time of archiving, now, actor.
type ArchiveRow = (
    uuid::Uuid,
    uuid::Uuid,
    Option<chrono::DateTime<chrono::Utc>>,
    chrono::DateTime<chrono::Utc>,
    String,
);
