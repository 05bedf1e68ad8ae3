//! What a portal user can read and write of requests. Every statement joins the user's grants: a request outside them is
//! no row.

use chrono::{DateTime, Utc};
use domain::ids::{AttachmentId, AttachmentKind, LocationId, LocationKind, RequestId, RequestKind};
use domain::public::{PublicAttachment, PublicLocation, PublicRequest};
use domain::requests::ServiceType;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::TenantTx;
use crate::db::far_future;
use crate::db::{StoreError, all, maybe, run};
use crate::identity::actors::Contact;
use crate::portal_access::store::pages::granted;
use crate::visits::FileRow;

const LOCATIONS: &str = concat!(
    "SELECT l.id, l.name, l.city, l.zone FROM location l WHERE l.tenant_id = $1 AND l.archived_at IS NULL AND EXISTS (SELECT 1 FROM ",
    granted!("may_submit"),
    " AND g.customer_id = l.customer_id AND (g.location_id IS NULL OR g.location_id = l.id)) ORDER BY l.name, l.id LIMIT 500"
);

/// Whether there are times to choose from: $3 now.
macro_rules! has_offer {
    () => {
        "EXISTS (SELECT 1 FROM slot_offer f WHERE f.tenant_id = r.tenant_id AND f.request_id = r.id AND f.status = 'open' AND f.expires_at > $3)"
    };
}
macro_rules! requests {
    () => {
        concat!(
            "SELECT r.id, r.number, r.status, r.service_type, r.description, r.preferred, r.preferred_windows, r.rejection_reason, r.submitted_at, r.asked_at, r.cancel_asked_at, l.name AS location, (r.portal_account_id IS NOT NULL AND r.portal_account_id = $2) AS is_own, r.target_id IS NOT NULL AS is_job, \
             EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = r.tenant_id AND t.id = r.target_id AND t.status IN ('open', 'scheduled', 'dispatched')) AS has_not_begun, \
             ",
            has_offer!(),
            " AS has_offer \
             FROM request r LEFT JOIN location l ON l.tenant_id = r.tenant_id AND l.id = r.location_id \
             WHERE r.tenant_id = $1 AND EXISTS (SELECT 1 FROM ",
            granted!("customer_id"),
            " = r.customer_id AND (g.location_id IS NULL OR r.location_id IS NULL OR g.location_id = r.location_id) AND (r.portal_account_id = $2 OR g.sees_all_requests)) "
        )
    };
}
const REQUESTS: &str = concat!(
    requests!(),
    "AND (r.submitted_at, r.id) < ($4, $5) ORDER BY r.submitted_at DESC, r.id DESC LIMIT $6"
);
/// What is not done: whatever has not ended, unless its job is over.
const OPEN_REQUESTS: &str = concat!(
    requests!(),
    "AND r.status NOT IN ('rejected', 'cancelled') AND NOT EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = r.tenant_id AND t.id = r.target_id AND t.status IN ('completed', 'cancelled')) \
     AND (r.submitted_at, r.id) < ($4, $5) ORDER BY r.submitted_at DESC, r.id DESC LIMIT $6"
);
/// The own ones that wait for an answer of the customer's: a question, or times to choose from.
const NEEDS_YOU: &str = concat!(
    requests!(),
    "AND r.portal_account_id = $2 AND r.status NOT IN ('rejected', 'cancelled') AND (r.asked_at IS NOT NULL OR ",
    has_offer!(),
    ") \
     ORDER BY r.submitted_at DESC, r.id DESC LIMIT $4"
);
const REQUEST: &str = concat!(requests!(), "AND r.id = $4");

/// Inserts nothing unless a grant allows requests for that very location; the customer comes from the location.
const INSERT_REQUEST: &str = concat!(
    "INSERT INTO request (tenant_id, id, number, channel, status, service_type, priority, description, preferred, customer_id, location_id, contact_id, portal_account_id, nonce, preferred_windows, tracking_hash, tracking_token, search_key, submitted_at, updated_at) \
     SELECT l.tenant_id, $5, $6, 'portal', 'submitted', $7, $12, $8, $9, l.customer_id, l.id, $10, $2, $11, $13, $14, $15, $16, $3, $3 \
     FROM location l WHERE l.tenant_id = $1 AND l.id = $4 AND l.archived_at IS NULL AND EXISTS (SELECT 1 FROM ",
    granted!("may_submit"),
    " AND g.customer_id = l.customer_id AND (g.location_id IS NULL OR g.location_id = l.id)) \
     ON CONFLICT (tenant_id, portal_account_id, nonce) DO NOTHING"
);
const REQUEST_BY_NONCE: &str = "SELECT id FROM request WHERE tenant_id = $1 AND portal_account_id = $2 AND nonce = $3";
const REQUEST_PLACE: &str = "SELECT customer_id FROM location WHERE tenant_id = $1 AND id = $2";
const WITHDRAW: &str = "UPDATE request SET status = 'cancelled', updated_at = $3 WHERE tenant_id = $1 AND portal_account_id = $2 AND id = $4 AND status IN ('submitted', 'in_review', 'accepted') AND target_id IS NULL";
/// Of a job that nobody has set out for yet, once.
const ASK_TO_CANCEL: &str = "UPDATE request SET cancel_asked_at = $3 WHERE tenant_id = $1 AND portal_account_id = $2 AND id = $4 AND cancel_asked_at IS NULL AND status IN ('accepted', 'planned') \
    AND EXISTS (SELECT 1 FROM target t WHERE t.tenant_id = $1 AND t.id = request.target_id AND t.status IN ('open', 'scheduled', 'dispatched'))";
/// Files that this very person sent, as long as the request is theirs to see.
const OWN_FILES: &str = concat!(
    "SELECT f.id, f.file_name, f.media_type, f.size_bytes FROM request_attachment f JOIN request r ON r.tenant_id = f.tenant_id AND r.id = f.request_id \
     WHERE f.tenant_id = $1 AND r.portal_account_id = $2 AND r.id = $4 AND EXISTS (SELECT 1 FROM ",
    granted!("customer_id"),
    " = r.customer_id AND (g.location_id IS NULL OR r.location_id IS NULL OR g.location_id = r.location_id)) ORDER BY f.file_name, f.id LIMIT 50"
);
const OWN_FILE: &str = concat!(
    "SELECT f.file_name, f.media_type, f.content_hash FROM request_attachment f JOIN request r ON r.tenant_id = f.tenant_id AND r.id = f.request_id \
     WHERE f.tenant_id = $1 AND r.portal_account_id = $2 AND f.id = $4 AND EXISTS (SELECT 1 FROM ",
    granted!("customer_id"),
    " = r.customer_id AND (g.location_id IS NULL OR r.location_id IS NULL OR g.location_id = r.location_id))"
);
const OWN_REQUEST_PLACE: &str =
    "SELECT customer_id, location_id FROM request WHERE tenant_id = $1 AND portal_account_id = $2 AND id = $3";

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
    pub tracking: &'a crate::intake::ClosedToken,
    /// Made with the form, so that a double click is one request.
    pub nonce: &'a str,
}

#[derive(sqlx::FromRow)]
struct RequestRow {
    id: Key<RequestKind>,
    number: i64,
    #[sqlx(try_from = "String")]
    status: domain::requests::RequestStatus,
    #[sqlx(try_from = "String")]
    service_type: ServiceType,
    description: String,
    preferred: Option<String>,
    preferred_windows: Json<Vec<domain::intake::PreferredWindow>>,
    rejection_reason: Option<String>,
    submitted_at: DateTime<Utc>,
    asked_at: Option<DateTime<Utc>>,
    cancel_asked_at: Option<DateTime<Utc>>,
    location: Option<String>,
    is_own: bool,
    is_job: bool,
    has_not_begun: bool,
    has_offer: bool,
}

impl From<RequestRow> for PublicRequest {
    fn from(row: RequestRow) -> Self {
        Self {
            id: row.id.0,
            number: row.number,
            status: row.status,
            service_type: row.service_type,
            description: row.description,
            preferred: row.preferred,
            windows: row.preferred_windows.0,
            waits_for_answer: row.asked_at.is_some(),
            has_offer: row.is_own && row.has_offer,
            may_withdraw: row.is_own && row.status.may_be_withdrawn(row.is_job),
            may_ask_to_cancel: row.is_own
                && row.cancel_asked_at.is_none()
                && row.status.may_be_asked_to_cancel(row.has_not_begun),
            cancel_asked_at: row.cancel_asked_at,
            location: row.location,
            rejection_reason: row.rejection_reason,
            submitted_at: row.submitted_at,
        }
    }
}

impl TenantTx<'_, Contact> {
    /// The files that this person sent with a request.
    pub(crate) async fn own_request_files(&mut self, id: RequestId) -> Result<Vec<PublicAttachment>, StoreError> {
        let (tenant, own, now) = self.scope();
        let rows = all!(
            &mut self.tx,
            (Key<AttachmentKind>, String, String, i64),
            OWN_FILES,
            tenant,
            own,
            now,
            id.uuid()
        )?;
        let file = |(id, file_name, media_type, bytes): (Key<AttachmentKind>, String, String, i64)| PublicAttachment {
            id: id.0,
            file_name,
            media_type,
            bytes,
        };
        Ok(rows.into_iter().map(file).collect())
    }

    /// One of them.
    pub(crate) async fn own_request_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let (tenant, own, now) = self.scope();
        maybe!(&mut self.tx, FileRow, OWN_FILE, tenant, own, now, id.uuid())
    }

    pub(crate) async fn locations_for_requests(&mut self) -> Result<Vec<PublicLocation>, StoreError> {
        let (tenant, own, now) = self.scope();
        let rows = all!(
            &mut self.tx,
            (Key<LocationKind>, String, Option<String>, String),
            LOCATIONS,
            tenant,
            own,
            now
        )?;
        Ok(rows
            .into_iter()
            .map(|(id, name, city, zone)| PublicLocation {
                id: id.0,
                name,
                city,
                zone,
            })
            .collect())
    }

    /// Requests, newest first: all of them, or those that are not done.
    pub(crate) async fn requests(
        &mut self,
        only_open: bool,
        before: Option<(DateTime<Utc>, RequestId)>,
        limit: i64,
    ) -> Result<Vec<PublicRequest>, StoreError> {
        let (tenant, own, now) = self.scope();
        let (at, id) = before.map_or((far_future(), Uuid::max()), |(at, id)| (at, id.uuid()));
        let sql = if only_open { OPEN_REQUESTS } else { REQUESTS };
        Ok(all!(&mut self.tx, RequestRow, sql, tenant, own, now, at, id, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    /// Own requests that wait for an answer of this person.
    pub(crate) async fn needs_you(&mut self, limit: i64) -> Result<Vec<PublicRequest>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(all!(&mut self.tx, RequestRow, NEEDS_YOU, tenant, own, now, limit)?
            .into_iter()
            .map(Into::into)
            .collect())
    }

    pub(crate) async fn request(&mut self, id: RequestId) -> Result<Option<PublicRequest>, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(maybe!(&mut self.tx, RequestRow, REQUEST, tenant, own, now, id.uuid())?.map(Into::into))
    }

    /// Submits a request; false if no grant allows it or the nonce was used.
    pub(crate) async fn insert_portal_request(&mut self, new: &NewPortalRequest<'_>) -> Result<bool, StoreError> {
        let (tenant, own, now) = self.scope();
        let contact = self.actor.contact.uuid();
        let written = run!(
            &mut self.tx,
            INSERT_REQUEST,
            tenant,
            own,
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
            crate::intake::search_key(new.description, None, None, None)
        )?;
        Ok(written == 1)
    }

    pub(crate) async fn request_by_nonce(&mut self, nonce: &str) -> Result<Option<RequestId>, StoreError> {
        let (tenant, own, _) = self.scope();
        Ok(maybe!(&mut self.tx, (Uuid,), REQUEST_BY_NONCE, tenant, own, nonce)?.map(|(id,)| RequestId::from_uuid(id)))
    }

    /// The customer of a location that was just used for an own request.
    pub(crate) async fn customer_of_location(
        &mut self,
        location: LocationId,
    ) -> Result<Option<domain::ids::CustomerId>, StoreError> {
        let tenant = self.tenant();
        Ok(maybe!(&mut self.tx, (Uuid,), REQUEST_PLACE, tenant, location.uuid())?
            .map(|(id,)| domain::ids::CustomerId::from_uuid(id)))
    }

    /// Withdraws an own request that is not converted yet; false if it is not one.
    pub(crate) async fn withdraw_request(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(run!(&mut self.tx, WITHDRAW, tenant, own, now, id.uuid())? == 1)
    }

    /// Notes that an own request, which is a job already, shall be cancelled; false if that cannot be asked any more.
    pub(crate) async fn ask_to_cancel(&mut self, id: RequestId) -> Result<bool, StoreError> {
        let (tenant, own, now) = self.scope();
        Ok(run!(&mut self.tx, ASK_TO_CANCEL, tenant, own, now, id.uuid())? == 1)
    }

    /// Customer and location of an own request.
    pub(crate) async fn own_request_place(
        &mut self,
        id: RequestId,
    ) -> Result<Option<(Uuid, Option<Uuid>)>, StoreError> {
        let (tenant, own, _) = self.scope();
        maybe!(
            &mut self.tx,
            (Uuid, Option<Uuid>),
            OWN_REQUEST_PLACE,
            tenant,
            own,
            id.uuid()
        )
    }
}
