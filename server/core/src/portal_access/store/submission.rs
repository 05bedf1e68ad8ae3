//! Portal statements for submitting a request. They join the user's grants, so nothing is written for a location outside of
//! them.

use domain::ids::{CustomerId, LocationId, LocationKind, RequestId};
use domain::public::PublicLocation;
use domain::requests::ServiceType;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::Contact;
use crate::portal_access::store::granted::{granted, has_grant, in_force, is_own_request, reaches, reaches_own};

/// Locations that are in use and reached by a grant that fulfills a condition.
macro_rules! select_locations {
    ($granted:expr) => {
        concat!(
            r"
                SELECT location.id, location.name, location.street, location.city, location.zone
                FROM location
                WHERE location.tenant_id = $1
                  AND location.archived_at IS NULL
                  AND NOT EXISTS (
                      SELECT 1
                      FROM customer
                      WHERE customer.tenant_id = location.tenant_id
                        AND customer.id = location.customer_id
                        AND customer.archived_at IS NOT NULL
                  )
                  AND
            ",
            $granted,
            r"
                ORDER BY location.name, location.id
                LIMIT 500
            "
        )
    };
}
const SELECT_LOCATIONS_FOR_REQUESTS: &str =
    select_locations!(granted!("may_submit", "location.customer_id", "location.id"));
const SELECT_LOCATIONS: &str = select_locations!(has_grant!(reaches!(
    "portal_grant",
    "location.customer_id",
    "location.id"
)));

/// Inserts nothing unless a grant allows requests for the location; the customer comes from the location.
const INSERT_REQUEST: &str = concat!(
    r"
        INSERT INTO request (
            tenant_id, id, number, channel, status, service_type, priority, description, preferred,
            customer_id, location_id, contact_id, portal_account_id, nonce, preferred_windows,
            tracking_hash, tracking_token, search_key, submitted_at, updated_at
        )
        SELECT
            location.tenant_id, $5, $6, 'portal', 'submitted', $7, $12, $8, $9, location.customer_id,
            location.id, $10, $2, $11, $13, $14, $15, $16, $3, $3
        FROM location
        WHERE location.tenant_id = $1
          AND location.id = $4
          AND location.archived_at IS NULL
          AND NOT EXISTS (
              SELECT 1
              FROM customer
              WHERE customer.tenant_id = location.tenant_id
                AND customer.id = location.customer_id
                AND customer.archived_at IS NOT NULL
          )
          AND
    ",
    granted!("may_submit", "location.customer_id", "location.id"),
    r"
        ON CONFLICT (tenant_id, portal_account_id, nonce) DO NOTHING
    "
);
const SELECT_REQUEST_BY_NONCE: &str = concat!(
    r"
        SELECT request.id
        FROM request
        WHERE request.tenant_id = $1
          AND request.nonce = $4
          AND
    ",
    is_own_request!()
);
const SELECT_CUSTOMER_OF_LOCATION: &str = concat!(
    r"
        SELECT location.customer_id
        FROM location
        WHERE location.tenant_id = $1
          AND location.id = $4
          AND
    ",
    granted!("may_submit", "location.customer_id", "location.id")
);
/// A request that a portal user submits.
pub(crate) struct NewPortalRequest<'a> {
    pub id: RequestId,
    pub number: i64,
    pub location: LocationId,
    pub service_type: ServiceType,
    pub description: &'a str,
    pub preferred: Option<&'a str>,
    pub priority: domain::requests::Priority,
    pub windows: &'a [domain::intake::PreferredWindow],
    pub tracking: &'a crate::intake::SealedToken,
    /// Generated with the form, so that submitting it twice creates one request.
    pub nonce: &'a str,
}

impl TenantTx<'_, Contact> {
    /// Returns the locations for which the user may submit requests.
    pub(crate) async fn locations_for_requests(&mut self) -> Result<Vec<PublicLocation>, StoreError> {
        self.locations_with(SELECT_LOCATIONS_FOR_REQUESTS).await
    }

    /// Returns the locations to which the user has access of any kind.
    pub(crate) async fn locations(&mut self) -> Result<Vec<PublicLocation>, StoreError> {
        self.locations_with(SELECT_LOCATIONS).await
    }

    async fn locations_with(&mut self, sql: &'static str) -> Result<Vec<PublicLocation>, StoreError> {
        let (tenant, account, now) = self.scope();
        let rows = self
            .tx
            .fetch_all::<(Key<LocationKind>, String, Option<String>, Option<String>, String)>(
                sql,
                (tenant, account, now),
            )
            .await?;
        Ok(rows
            .into_iter()
            .map(|(id, name, street, city, zone)| PublicLocation {
                id: id.0,
                name,
                street,
                city,
                zone,
            })
            .collect())
    }

    /// Inserts a request; false if no grant allows it or the nonce was used.
    pub(crate) async fn insert_portal_request(&mut self, new: &NewPortalRequest<'_>) -> Result<bool, StoreError> {
        let (tenant, account, now) = self.scope();
        let contact = self.actor.contact().uuid();
        let written = self
            .tx
            .execute(
                INSERT_REQUEST,
                (
                    tenant,
                    account,
                    now,
                    new.location.uuid(),
                    new.id.uuid(),
                    new.number,
                    new.service_type.name(),
                    new.description,
                    new.preferred,
                    contact,
                    new.nonce,
                    new.priority.name(),
                    Json(new.windows),
                    &new.tracking.hash,
                    &new.tracking.closed,
                    crate::intake::search_key(new.description, None, None, None),
                ),
            )
            .await?;
        Ok(written == 1)
    }

    pub(crate) async fn request_by_nonce(&mut self, nonce: &str) -> Result<Option<RequestId>, StoreError> {
        let (tenant, account, now) = self.scope();
        let row = self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_REQUEST_BY_NONCE, (tenant, account, now, nonce))
            .await?;
        Ok(row.map(|(id,)| RequestId::from_uuid(id)))
    }

    /// Returns the customer of a location for which the user may submit requests.
    pub(crate) async fn customer_of_location(
        &mut self,
        location: LocationId,
    ) -> Result<Option<CustomerId>, StoreError> {
        let (tenant, account, now) = self.scope();
        Ok(self
            .tx
            .fetch_optional::<(Uuid,)>(SELECT_CUSTOMER_OF_LOCATION, (tenant, account, now, location.uuid()))
            .await?
            .map(|(id,)| CustomerId::from_uuid(id)))
    }
}
