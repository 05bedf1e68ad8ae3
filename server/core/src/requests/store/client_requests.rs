//! Requests that an integration client reads and submits, limited to its own source system.

use chrono::{DateTime, Utc};
use domain::ids::{ContactId, CustomerId, Id, LocationId, RequestId};
use domain::requests::{Priority, ServiceType};
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::StoreError;
use crate::db::TenantTx;
use crate::identity::actors::ApiClient;
use crate::integrations::RecordKey;
use crate::requests::model::ClientRequest;

macro_rules! select_request {
    () => {
        r"
            SELECT
                request.id, request.number, request.external_id, request.status, request.service_type,
                request.priority, request.description, request.internal_notes, request.preferred,
                request.preferred_windows,
                request.rejection_reason, request.target_id, request.customer_id, request.location_id,
                request.contact_id, request.submitted_at, request.updated_at
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
        location_id, contact_id, source_system_id, external_id, preferred_windows, search_key, submitted_at,
        updated_at, internal_notes
    )
    VALUES ($1, $2, $3, 'api', 'submitted', $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $13, $13, $16)
    ON CONFLICT (tenant_id, source_system_id, external_id) DO NOTHING
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
    pub customer: CustomerId,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
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
                    new.customer.uuid(),
                    new.location.map(Id::uuid),
                    new.contact.map(Id::uuid),
                    source,
                    new.external_id,
                    now,
                    Json(new.windows),
                    crate::intake::search_key(new.description, None, None, None),
                    new.internal_notes,
                ),
            )
            .await?
            == 1)
    }
}
