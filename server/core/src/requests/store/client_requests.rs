//! Requests that an integration client reads and submits, limited to its own source system.

use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{ContactId, CustomerId, Id, LocationId, RequestId};
use domain::requests::{Priority, ServiceType};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::ApiClient;
use crate::integrations::RecordKey;
use crate::requests::client_requests::RequestContext;
use crate::requests::model::{ClientRequest, RequestChange};

macro_rules! select_request {
    () => {
        r"
            SELECT
                request.id, request.number, request.external_id, request.status, request.service_type,
                request.priority, request.description, request.internal_notes, request.preferred,
                request.preferred_windows,
                request.rejection_reason, request.target_id, request.customer_id, request.location_id,
                request.contact_id, request.payload_hash,
                (request.proposed_change IS NOT NULL) AS has_proposed_change, request.submitted_at,
                request.updated_at
            FROM request
            WHERE request.tenant_id = $1
              AND request.source_system_id = $2
        "
    };
}
const SELECT_REQUESTS: &str = concat!(
    select_request!(),
    "AND (request.submitted_at, request.id) > ($3, $4) ORDER BY request.submitted_at, request.id LIMIT $5"
);
const SELECT_REQUEST: &str = concat!(select_request!(), "AND request.id = $3");
const SELECT_REQUEST_BY_EXTERNAL_ID: &str = concat!(select_request!(), "AND request.external_id = $3");
const INSERT_REQUEST: &str = r"
    INSERT INTO request (
        tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id,
        location_id, contact_id, source_system_id, external_id, preferred_windows, search_key, place, payload_hash,
        submitted_at, updated_at, internal_notes
    )
    VALUES ($1, $2, $3, 'api', 'submitted', $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $16, $17, $13, $13, $18)
    ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING
";

const UPDATE_REQUEST: &str = r"
    UPDATE request
    SET
        service_type = $3, priority = $4, description = $5, preferred = $6, preferred_windows = $7,
        search_key = $8, payload_hash = $9, updated_at = $10, internal_notes = $12
    WHERE tenant_id = $1
      AND id = $2
      AND status = $11
      AND target_id IS NULL
";
const SET_CUSTOMER: &str = r"
    UPDATE request
    SET customer_id = $3, location_id = $4, contact_id = $5
    WHERE tenant_id = $1
      AND id = $2
      AND customer_id IS NULL
      AND target_id IS NULL
";
const PROPOSE_CHANGE: &str = r"
    UPDATE request
    SET proposed_change = $3, payload_hash = $4, updated_at = $5
    WHERE tenant_id = $1
      AND id = $2
";

/// A request to insert for a client.
pub(crate) struct NewClientRequest<'a> {
    pub id: RequestId,
    pub external_id: Option<&'a str>,
    pub service_type: ServiceType,
    pub priority: Priority,
    pub description: &'a str,
    pub internal_notes: Option<&'a str>,
    pub preferred: Option<&'a str>,
    pub windows: &'a [domain::intake::PreferredWindow],
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// The address of a location that is not known.
    pub place: Option<&'a Address>,
    pub payload_hash: &'a [u8],
}

impl TenantTx<'_, ApiClient> {
    pub(crate) async fn list_client_requests(
        &mut self,
        after: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<ClientRequest>, StoreError> {
        let (submitted_after, id_after) = after.map_or((DateTime::UNIX_EPOCH, Uuid::nil()), |(at, id)| (at, id.uuid()));
        self.list_records(SELECT_REQUESTS, (submitted_after, id_after), limit)
            .await
    }

    pub(crate) async fn find_client_request(
        &mut self,
        which: RecordKey<'_>,
    ) -> Result<Option<ClientRequest>, StoreError> {
        self.find_record(which, SELECT_REQUEST, SELECT_REQUEST_BY_EXTERNAL_ID)
            .await
    }

    /// Updates a request that is in review; false if it no longer is.
    pub(crate) async fn update_client_request(
        &mut self,
        known: &ClientRequest,
        change: &RequestChange,
        payload_hash: &[u8],
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                UPDATE_REQUEST,
                (
                    tenant,
                    known.id.uuid(),
                    change.service_type.name(),
                    change.priority.name(),
                    &change.description,
                    change.preferred.as_deref(),
                    Json(&change.windows),
                    crate::intake::search_key(&change.description, None, None, None),
                    payload_hash,
                    now,
                    domain::lifecycle::Lifecycle::name(known.status),
                    change.internal_notes.as_deref(),
                ),
            )
            .await?
            == 1)
    }

    /// Sets the customer of a request that has none.
    pub(crate) async fn set_client_request_customer(
        &mut self,
        id: RequestId,
        context: &RequestContext,
    ) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let arguments = (
            tenant,
            id.uuid(),
            context.customer.map(Id::uuid),
            context.location.map(Id::uuid),
            context.contact.map(Id::uuid),
        );
        self.tx.execute(SET_CUSTOMER, arguments).await.map(drop)
    }

    /// Stores content that dispatch decides about.
    pub(crate) async fn propose_request_change(
        &mut self,
        id: RequestId,
        change: &RequestChange,
        payload_hash: &[u8],
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        self.tx
            .execute(PROPOSE_CHANGE, (tenant, id.uuid(), Json(change), payload_hash, now))
            .await
            .map(drop)
    }

    /// Inserts a request; false if its external ID already exists in the source.
    pub(crate) async fn insert_client_request(&mut self, new: &NewClientRequest<'_>) -> Result<bool, StoreError> {
        let number = self.next_number("request").await?;
        let (tenant, source, now) = (self.tenant(), self.actor.source_system().uuid(), self.now);
        Ok(self
            .tx
            .execute(
                INSERT_REQUEST,
                (
                    tenant,
                    new.id.uuid(),
                    number,
                    new.service_type.name(),
                    new.priority.name(),
                    new.description,
                    new.preferred,
                    new.customer.map(Id::uuid),
                    new.location.map(Id::uuid),
                    new.contact.map(Id::uuid),
                    source,
                    new.external_id,
                    now,
                    Json(new.windows),
                    crate::intake::search_key(new.description, None, None, None),
                    new.place.map(Json),
                    new.payload_hash,
                    new.internal_notes,
                ),
            )
            .await?
            == 1)
    }
}
