//! Requests on their way in: public forms, what they send, its files, and the way back to it by the tracking link.

use domain::customers::Address;
use domain::ids::{AttachmentId, ContactId, CustomerId, FormId, FormKind, Id, LocationId, RequestId};
use domain::intake::form::FormSettings;
use domain::intake::{PreferredWindow, Requester};
use domain::public_words::OwnWords;
use domain::requests::{Channel, Priority, ServiceType};
use domain::text::name_for_comparison;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::db::Key;
use crate::db::{StoreError, all, maybe, one, run};
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor, BringsFiles, Staff, Submitter, TrackingRequester};
use crate::intake::model::FileLine;
use crate::visits::FileRow;

/// A request of any channel that has neither grants nor a source system to answer to.
pub(crate) struct NewRequest<'a> {
    pub id: RequestId,
    pub number: i64,
    pub channel: Channel,
    pub service_type: ServiceType,
    pub priority: Priority,
    pub description: &'a str,
    pub windows: &'a [PreferredWindow],
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// The form, device or account that made the nonce.
    pub origin: Uuid,
    pub nonce: &'a str,
    pub form: Option<FormId>,
    pub requester: Option<&'a Requester>,
    pub place: Option<&'a Address>,
    pub tracking: &'a ClosedToken,
    /// What the receipt says, if there is one.
    pub receipt_code: Option<&'a str>,
}

/// A tracking token: what finds it and what opens it.
#[derive(Debug, Clone)]
pub(crate) struct ClosedToken {
    pub hash: Vec<u8>,
    pub closed: Vec<u8>,
}

/// A file to keep with a request.
pub(crate) struct NewFile<'a> {
    pub id: AttachmentId,
    pub file_name: &'a str,
    pub media_type: &'a str,
    pub size_bytes: i64,
    pub content_hash: &'a [u8],
}

/// The form behind an address.
#[derive(Debug, FromRow)]
pub(crate) struct FormIdentity {
    pub tenant_id: Uuid,
    pub id: Key<FormKind>,
    pub settings: Json<FormSettings>,
    pub tenant_name: String,
    pub zone: String,
    pub is_closed: bool,
    pub words: Option<Json<OwnWords>>,
}

/// The request behind a tracking link.
#[derive(Debug, FromRow)]
pub(crate) struct TrackedRequest {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub tenant_name: String,
    pub zone: String,
    pub words: Option<Json<OwnWords>>,
}

const INSERT: &str = "INSERT INTO request (tenant_id, id, number, channel, status, service_type, priority, description, customer_id, location_id, contact_id, origin_id, nonce, form_id, requester, place, preferred_windows, tracking_hash, tracking_token, search_key, submitted_at, updated_at, receipt_code) \
    VALUES ($1, $2, $3, $4, 'submitted', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $21) ON CONFLICT (tenant_id, origin_id, nonce) DO NOTHING";
const BY_NONCE: &str = "SELECT id, tracking_token FROM request WHERE tenant_id = $1 AND origin_id = $2 AND nonce = $3";
const INSERT_FILE: &str = "INSERT INTO request_attachment (tenant_id, id, request_id, file_name, media_type, size_bytes, content_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FILES: &str = "SELECT id, file_name, media_type, size_bytes FROM request_attachment WHERE tenant_id = $1 AND request_id = $2 ORDER BY file_name, id";
const FILE: &str =
    "SELECT file_name, media_type, content_hash FROM request_attachment WHERE tenant_id = $1 AND id = $2";
const FORM: &str = "SELECT f.tenant_id, f.id, f.settings, t.name AS tenant_name, t.zone, f.closed_at IS NOT NULL AS is_closed, w.words FROM intake_form f JOIN tenant t ON t.id = f.tenant_id LEFT JOIN portal_look w ON w.tenant_id = t.id WHERE f.slug = $1";
const TRACKED: &str = "SELECT r.tenant_id, r.id, t.name AS tenant_name, t.zone, w.words FROM request r JOIN tenant t ON t.id = r.tenant_id LEFT JOIN portal_look w ON w.tenant_id = t.id WHERE r.tracking_hash = $1 AND r.portal_account_id IS NULL";
const TOKENS: &str = "SELECT tenant_id, id, tracking_token FROM request WHERE tracking_token IS NOT NULL AND (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3";
const SET_TOKEN: &str = "UPDATE request SET tracking_token = $3 WHERE tenant_id = $1 AND id = $2";

/// What a search looks through: everything that was typed, in the form in which texts are compared.
pub(crate) fn search_key(
    description: &str,
    requester: Option<&Requester>,
    place: Option<&Address>,
    code: Option<&str>,
) -> String {
    let mut parts = vec![description];
    parts.extend(code);
    if let Some(requester) = requester {
        parts.extend(
            [
                &requester.name,
                &requester.organisation,
                &requester.email,
                &requester.phone,
            ]
            .into_iter()
            .flatten()
            .map(String::as_str),
        );
    }
    if let Some(place) = place {
        parts.extend(
            [&place.street, &place.postal_code, &place.city]
                .into_iter()
                .flatten()
                .map(String::as_str),
        );
    }
    name_for_comparison(&parts.join(" "))
}

impl<A: Submitter> TenantTx<'_, A> {
    /// Inserts a request; false if the nonce of its origin was used.
    pub(crate) async fn insert_request(&mut self, new: &NewRequest<'_>) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            INSERT,
            tenant,
            new.id.uuid(),
            new.number,
            new.channel.name(),
            new.service_type.name(),
            new.priority.name(),
            new.description,
            new.customer.map(Id::uuid),
            new.location.map(Id::uuid),
            new.contact.map(Id::uuid),
            new.origin,
            new.nonce,
            new.form.map(Id::uuid),
            new.requester.map(Json),
            new.place.map(Json),
            Json(new.windows),
            &new.tracking.hash,
            &new.tracking.closed,
            search_key(new.description, new.requester, new.place, new.receipt_code),
            now,
            new.receipt_code
        )? == 1)
    }

    /// The request that this origin made under this nonce, with its closed tracking token.
    pub(crate) async fn request_of_nonce(
        &mut self,
        origin: Uuid,
        nonce: &str,
    ) -> Result<Option<(RequestId, Vec<u8>)>, StoreError> {
        let tenant = self.tenant();
        let row = maybe!(&mut self.tx, (Uuid, Option<Vec<u8>>), BY_NONCE, tenant, origin, nonce)?;
        Ok(row.map(|(id, token)| (RequestId::from_uuid(id), token.unwrap_or_default())))
    }
}

impl<A: BringsFiles> TenantTx<'_, A> {
    pub(crate) async fn insert_request_file(
        &mut self,
        request: RequestId,
        file: &NewFile<'_>,
    ) -> Result<(), StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        run!(
            &mut self.tx,
            INSERT_FILE,
            tenant,
            file.id.uuid(),
            request.uuid(),
            file.file_name,
            file.media_type,
            file.size_bytes,
            file.content_hash,
            now
        )
        .map(drop)
    }
}

/// Who may list the names of a request's files: the staff, and whoever sent them.
pub(crate) trait SeesFileRows: Actor {}
impl SeesFileRows for Staff {}
impl SeesFileRows for TrackingRequester {}

impl<A: SeesFileRows> TenantTx<'_, A> {
    pub(crate) async fn request_files(&mut self, request: RequestId) -> Result<Vec<FileLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, FileLine, FILES, tenant, request.uuid())
    }
}

impl TenantTx<'_, Staff> {
    pub(crate) async fn request_file(&mut self, id: AttachmentId) -> Result<Option<FileRow>, StoreError> {
        let tenant = self.tenant();
        maybe!(&mut self.tx, FileRow, FILE, tenant, id.uuid())
    }
}

impl SystemTx<'_> {
    /// The form of an address, also one that is closed.
    pub(crate) async fn form_by_slug(&mut self, slug: &str) -> Result<Option<FormIdentity>, StoreError> {
        maybe!(&mut self.tx, FormIdentity, FORM, slug)
    }

    /// The request behind the hash of a tracking token. One of a portal user is shown in the portal, where grants count.
    pub(crate) async fn tracked_request(&mut self, hash: &[u8]) -> Result<Option<TrackedRequest>, StoreError> {
        maybe!(&mut self.tx, TrackedRequest, TRACKED, hash)
    }

    /// A page of encrypted tracking tokens, for a change of the master key.
    pub(crate) async fn tracking_tokens(
        &mut self,
        after: (Uuid, Uuid),
        limit: i64,
    ) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        all!(&mut self.tx, (Uuid, Uuid, Vec<u8>), TOKENS, after.0, after.1, limit)
    }

    pub(crate) async fn set_tracking_token(
        &mut self,
        tenant: Uuid,
        request: Uuid,
        token: &[u8],
    ) -> Result<(), StoreError> {
        run!(&mut self.tx, SET_TOKEN, tenant, request, token).map(drop)
    }
}

const FORMS: &str =
    "SELECT id, slug, name, settings, closed_at FROM intake_form WHERE tenant_id = $1 ORDER BY name, id LIMIT 200";
const FORM_VIEW: &str = "SELECT id, slug, name, settings, closed_at FROM intake_form WHERE tenant_id = $1 AND id = $2";
const INSERT_FORM: &str = "INSERT INTO intake_form (tenant_id, id, slug, name, settings, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (slug) DO NOTHING";
const UPDATE_FORM: &str =
    "UPDATE intake_form SET name = $3, settings = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2";
const CLOSE_FORM: &str = "UPDATE intake_form SET closed_at = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2";
const COUNT_FORMS: &str = "SELECT count(*) FROM intake_form WHERE tenant_id = $1";

impl<A: crate::identity::actors::Administrator> TenantTx<'_, A> {
    /// Makes a form; false if its address is taken.
    pub(crate) async fn insert_form(
        &mut self,
        id: FormId,
        slug: &str,
        name: &str,
        settings: &FormSettings,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(
            &mut self.tx,
            INSERT_FORM,
            tenant,
            id.uuid(),
            slug,
            name,
            Json(settings),
            now
        )? == 1)
    }

    pub(crate) async fn update_form(
        &mut self,
        id: FormId,
        name: &str,
        settings: &FormSettings,
    ) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, UPDATE_FORM, tenant, id.uuid(), name, Json(settings), now)? == 1)
    }

    /// Closes a form, or opens it again.
    pub(crate) async fn close_form(&mut self, id: FormId, closed: bool) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(run!(&mut self.tx, CLOSE_FORM, tenant, id.uuid(), closed.then_some(now), now)? == 1)
    }

    pub(crate) async fn forms(&mut self) -> Result<Vec<crate::intake::model::FormLine>, StoreError> {
        let tenant = self.tenant();
        all!(&mut self.tx, crate::intake::model::FormLine, FORMS, tenant)
    }

    pub(crate) async fn form(&mut self, id: FormId) -> Result<Option<crate::intake::model::FormLine>, StoreError> {
        let tenant = self.tenant();
        maybe!(
            &mut self.tx,
            crate::intake::model::FormLine,
            FORM_VIEW,
            tenant,
            id.uuid()
        )
    }

    pub(crate) async fn count_forms(&mut self) -> Result<i64, StoreError> {
        let tenant = self.tenant();
        let (count,) = one!(&mut self.tx, (i64,), COUNT_FORMS, tenant)?;
        Ok(count)
    }
}
