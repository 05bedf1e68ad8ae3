//! Statements for submitted requests and their tracking tokens.

use chrono::{DateTime, Utc};
use domain::customers::Address;
use domain::ids::{ContactId, CustomerId, FormId, FormKind, Id, LocationId, RequestId};
use domain::intake::form::FormSettings;
use domain::intake::{PreferredWindow, Requester};
use domain::requests::{Channel, Priority, ServiceType};
use domain::terminology::Terminology;
use domain::text::name_for_comparison;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use crate::branding::ContactColumns;
use crate::db::Key;
use crate::db::StoreError;
use crate::db::purpose::KeyRotation;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::Submitter;
use crate::portal_access::{has_tracking_page, in_force, reaches, reaches_own, reading_account};

/// A request to insert, of a channel without grants or source system.
pub(crate) struct NewRequest<'a> {
    pub id: RequestId,
    pub number: i64,
    pub channel: Channel,
    pub service_type: ServiceType,
    pub priority: Priority,
    pub description: &'a str,
    pub internal_notes: Option<&'a str>,
    pub content_hash: Option<&'a [u8]>,
    pub windows: &'a [PreferredWindow],
    pub customer: Option<CustomerId>,
    pub location: Option<LocationId>,
    pub contact: Option<ContactId>,
    /// ID of the form, terminal or account that generated the nonce.
    pub origin: Uuid,
    pub nonce: &'a str,
    pub form: Option<FormId>,
    pub requester: Option<&'a Requester>,
    pub place: Option<&'a Address>,
    pub tracking: &'a SealedToken,
    pub receipt_code: Option<&'a str>,
}

/// A token as it is stored: SHA-256 for lookup, and the sealed value for display.
#[derive(Debug, Clone)]
pub(crate) struct SealedToken {
    pub hash: Vec<u8>,
    pub closed: Vec<u8>,
}

/// A public form with what its page needs.
#[derive(Debug, FromRow)]
pub(crate) struct FormIdentity {
    pub tenant_id: Uuid,
    pub id: Key<FormKind>,
    pub settings: Json<FormSettings>,
    pub tenant_name: String,
    pub zone: String,
    pub is_closed: bool,
    pub words: Option<Json<Terminology>>,
}

/// The request of a tracking link with what its page needs.
#[derive(Debug, FromRow)]
pub(crate) struct TrackedRequest {
    pub tenant_id: Uuid,
    pub id: Uuid,
    pub tenant_name: String,
    pub zone: String,
    pub words: Option<Json<Terminology>>,
    /// How customers reach the organisation.
    #[sqlx(flatten)]
    pub contact: ContactColumns,
    pub job_status: Option<String>,
    /// The end of the last visit that took place.
    pub visit_ended_at: Option<DateTime<Utc>>,
}

/// A request of a contact whose portal account can read it is that account's own.
const INSERT_REQUEST: &str = concat!(
    r"
    INSERT INTO request (
        tenant_id, id, number, channel, status, service_type, priority, description, customer_id,
        location_id, contact_id, origin_id, nonce, form_id, requester, place, preferred_windows,
        tracking_hash, tracking_token, search_key, submitted_at, updated_at, receipt_code, internal_notes,
        content_hash, portal_account_id
    )
    VALUES (
        $1, $2, $3, $4, 'submitted', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
        $20, $20, $21, $22, $23,
    ",
    reading_account!("$10", "$8", "$9", "$20"),
    r"
    )
    ON CONFLICT (tenant_id, origin_id, nonce) DO NOTHING
    "
);
const SELECT_REQUEST_BY_NONCE: &str = r"
    SELECT id, tracking_token
    FROM request
    WHERE tenant_id = $1
      AND origin_id = $2
      AND nonce = $3
";
const SELECT_CONTENT_BY_NONCE: &str = r"
    SELECT content_hash
    FROM request
    WHERE tenant_id = $1
      AND origin_id = $2
      AND nonce = $3
";
const SELECT_FORM_BY_SLUG: &str = r"
    SELECT
        intake_form.tenant_id, intake_form.id, intake_form.settings, tenant.name AS tenant_name,
        tenant.zone, intake_form.closed_at IS NOT NULL AS is_closed, portal_branding.words
    FROM intake_form
    JOIN tenant ON tenant.id = intake_form.tenant_id
    LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
    WHERE intake_form.slug = $1
";
const SELECT_TRACKED_REQUEST: &str = concat!(
    r"
    SELECT
        request.tenant_id, request.id, tenant.name AS tenant_name, tenant.zone, portal_branding.words,
        portal_branding.organisation_phone, portal_branding.organisation_email,
        portal_branding.organisation_hours, portal_branding.organisation_emergency,
        portal_branding.organisation_privacy, portal_branding.organisation_imprint, target.status AS job_status,
        (
            SELECT max(appointment.ends_at)
            FROM appointment
            WHERE appointment.tenant_id = request.tenant_id
              AND appointment.target_id = request.target_id
              AND appointment.status = 'done'
        ) AS visit_ended_at
    FROM request
    JOIN tenant ON tenant.id = request.tenant_id
    LEFT JOIN portal_branding ON portal_branding.tenant_id = tenant.id
    LEFT JOIN target ON target.tenant_id = request.tenant_id AND target.id = request.target_id
    WHERE request.tracking_hash = $1
      AND
    ",
    has_tracking_page!()
);
const SELECT_TRACKING_TOKENS: &str = r"
    SELECT tenant_id, id, tracking_token
    FROM request
    WHERE tracking_token IS NOT NULL
      AND (tenant_id, id) > ($1, $2)
    ORDER BY tenant_id, id
    LIMIT $3
";
const UPDATE_TRACKING_TOKEN: &str = "UPDATE request SET tracking_token = $3 WHERE tenant_id = $1 AND id = $2";

/// Builds the searchable text of a request: everything that was entered, normalized for comparison.
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
    /// Inserts a request; returns false if its origin used the nonce before.
    pub(crate) async fn insert_request(&mut self, new: &NewRequest<'_>) -> Result<bool, StoreError> {
        let (tenant, now) = (self.tenant(), self.now);
        Ok(self
            .tx
            .execute(
                INSERT_REQUEST,
                (
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
                    new.receipt_code,
                    new.internal_notes,
                    new.content_hash,
                ),
            )
            .await?
            == 1)
    }

    /// Returns the hash of what was submitted with a nonce: the outer `None` if nothing was, the inner one if it is unknown.
    pub(crate) async fn content_of_nonce(
        &mut self,
        origin: Uuid,
        nonce: &str,
    ) -> Result<Option<Option<Vec<u8>>>, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_optional::<(Option<Vec<u8>>,)>(SELECT_CONTENT_BY_NONCE, (tenant, origin, nonce))
            .await?;
        Ok(row.map(|(hash,)| hash))
    }

    /// Finds the request with a nonce of an origin, with its sealed tracking token.
    pub(crate) async fn request_of_nonce(
        &mut self,
        origin: Uuid,
        nonce: &str,
    ) -> Result<Option<(RequestId, Vec<u8>)>, StoreError> {
        let tenant = self.tenant();
        let row = self
            .tx
            .fetch_optional::<(Uuid, Option<Vec<u8>>)>(SELECT_REQUEST_BY_NONCE, (tenant, origin, nonce))
            .await?;
        Ok(row.map(|(id, token)| (RequestId::from_uuid(id), token.unwrap_or_default())))
    }
}

impl<P> SystemTx<'_, P> {
    /// Finds a form by slug, including closed ones.
    pub(crate) async fn form_by_slug(&mut self, slug: &str) -> Result<Option<FormIdentity>, StoreError> {
        self.tx
            .fetch_optional::<FormIdentity>(SELECT_FORM_BY_SLUG, (slug,))
            .await
    }

    /// Finds a request by the hash of its tracking token. Requests of portal users are excluded: they are shown in the
    /// portal, subject to grants. Those of invited users are included until the invitation is accepted.
    pub(crate) async fn tracked_request(&mut self, hash: &[u8]) -> Result<Option<TrackedRequest>, StoreError> {
        self.tx
            .fetch_optional::<TrackedRequest>(SELECT_TRACKED_REQUEST, (hash,))
            .await
    }
}

impl SystemTx<'_, KeyRotation> {
    /// Lists a page of sealed tracking tokens, for the rotation of the master key.
    pub(crate) async fn tracking_tokens(
        &mut self,
        after: (Uuid, Uuid),
        limit: i64,
    ) -> Result<Vec<(Uuid, Uuid, Vec<u8>)>, StoreError> {
        self.tx
            .fetch_all::<(Uuid, Uuid, Vec<u8>)>(SELECT_TRACKING_TOKENS, (after.0, after.1, limit))
            .await
    }

    pub(crate) async fn set_tracking_token(
        &mut self,
        tenant: Uuid,
        request: Uuid,
        token: &[u8],
    ) -> Result<(), StoreError> {
        self.tx
            .execute(UPDATE_TRACKING_TOKEN, (tenant, request, token))
            .await
            .map(drop)
    }
}
