//! Authentication: creates actors from a session, an API key, a token or a job row. Nothing else creates actors.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::{ManagePortalAccess, Permission};
use domain::identity::roles::Role;
use domain::intake::form::FormSettings;
use domain::jobs::targets::TargetStatus;
use domain::locale::Locale;
use domain::portal_access::VIEW_AS_LIFETIME;
use domain::problems::Cause;
use domain::requests::is_tracking_open;
use domain::scopes::Scope;
use domain::terminology::Terminology;

use crate::activity;
use crate::db::TenantLookup;
use crate::db::purpose::SignIn;
use crate::identity::actors::{
    Actor, ApiClient, Contact, FormVisitor, Partner, Staff, System, TenantId, Terminal, TrackingRequester,
};
use crate::identity::admission::ViewAs;
use crate::identity::sessions::SessionId;
use crate::identity::store::sessions::{ContactSession, Realm, StaffSession};
use crate::imports::ClaimedJob;
use crate::secrets::{constant_time_eq, sha256};
use crate::{Core, CoreError, CoreResult};

/// Sessions expire after this time without use.
pub const IDLE_TIMEOUT: TimeDelta = TimeDelta::hours(12);
/// Sessions expire this long after sign-in.
pub const MAX_SESSION_AGE: TimeDelta = TimeDelta::days(7);
/// The length of calendar feed and tracking tokens: 160 bits in base64 without padding.
const TOKEN_CHARS: usize = 27;
/// The precision of the last use of a session or key, so that not every request is a write.
const TOUCH_INTERVAL: TimeDelta = TimeDelta::minutes(5);

/// Makes the actor known to the log.
fn identified<A: Actor>(actor: A) -> A {
    activity::record_actor(&actor);
    actor
}

/// Returns the staff member of a session; `None` for an anonymous or expired session or one of another realm.
pub async fn staff(core: &Core, session: SessionId) -> CoreResult<Option<Staff>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some((row, role)) = open_staff_session(&mut tx, &id_hash, now).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_INTERVAL {
        touch(core, Realm::Staff, &id_hash).await?;
    }
    let Some(session) = row.data.0.0.open() else {
        return Ok(None);
    };
    let sandbox = row.sandbox_id.filter(|_| session.is_test);
    Ok(Some(identified(Staff {
        is_test: sandbox.is_some(),
        tenant: TenantId::from_uuid(sandbox.unwrap_or(row.tenant_id)),
        live_tenant: TenantId::from_uuid(row.tenant_id),
        must_set_up: session.must_set_up && !row.has_second_factor,
        id: row.id.0,
        session: id_hash,
        role,
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        has_shortcuts: row.has_shortcuts,
        tenant_name: row.tenant_name,
        zone: row.zone,
    })))
}

/// Returns a staff session that is still open, and the role of its account.
async fn open_staff_session(
    tx: &mut TenantLookup<'_>,
    id_hash: &[u8],
    now: DateTime<Utc>,
) -> CoreResult<Option<(StaffSession, Role)>> {
    let row = tx
        .staff_of_session(id_hash, now - IDLE_TIMEOUT, now - MAX_SESSION_AGE)
        .await?;
    Ok(row.and_then(|row| {
        let is_open = row.data.0.0.open().is_some_and(|open| open.epoch == row.epoch);
        let role = Role::from_name(&row.role).filter(|_| is_open)?;
        Some((row, role))
    }))
}

/// Returns whether the staff session that created a view-as link is open.
pub(crate) async fn is_staff_session_open(core: &Core, by: &ViewAs) -> CoreResult<bool> {
    let Some(session) = by.session_hash() else {
        return Ok(false);
    };
    let mut tx = core.store.read_system().await?;
    let found = open_staff_session(&mut tx, &session, core.clock.now()).await?;
    Ok(found.is_some_and(|(row, _)| row.id.0 == by.staff))
}

/// Returns whether a view-as session may go on: the staff session that began it is open, and its account may still manage
/// access. It is short, too.
async fn is_viewing(
    tx: &mut TenantLookup<'_>,
    by: &ViewAs,
    contact: &ContactSession,
    now: DateTime<Utc>,
) -> CoreResult<bool> {
    let Some(session) = by.session_hash() else {
        return Ok(false);
    };
    let found = open_staff_session(tx, &session, now).await?;
    Ok(found.is_some_and(|(row, role)| {
        row.id.0 == by.staff
            && row.tenant_id == contact.tenant_id
            && <ManagePortalAccess as Permission>::ROLES.contains(&role)
            && now - contact.signed_in_at <= VIEW_AS_LIFETIME
    }))
}

/// Returns the portal user of a session; `None` for an anonymous or expired session or one of another realm.
pub async fn contact(core: &Core, session: SessionId) -> CoreResult<Option<Contact>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some(row) = tx
        .contact_of_session(&id_hash, now - IDLE_TIMEOUT, now - MAX_SESSION_AGE)
        .await?
    else {
        return Ok(None);
    };
    let Some(session) = row.data.0.0.open().filter(|open| open.epoch == row.epoch) else {
        return Ok(None);
    };
    let impersonated_by = session.view_as.as_ref().map(|by| by.staff);
    if let Some(by) = &session.view_as
        && !is_viewing(&mut tx, by, &row, now).await?
    {
        return Ok(None);
    }
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_INTERVAL {
        touch(core, Realm::Portal, &id_hash).await?;
    }
    Ok(Some(identified(Contact {
        tenant: TenantId::from_uuid(row.tenant_id),
        id: row.id.0,
        contact: row.contact_id.0,
        impersonated_by,
        is_read_only: false,
        signed_in_at: row.signed_in_at,
        branding: row.branding.into(),
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    })))
}

/// Returns the portal user with this calendar feed token, as a read-only actor.
pub async fn calendar_reader(core: &Core, token: &str) -> CoreResult<Option<Contact>> {
    if token.len() != TOKEN_CHARS {
        return Ok(None);
    }
    let mut tx = core.store.read_system().await?;
    let Some(row) = tx.contact_of_feed(&sha256(token.as_bytes())).await? else {
        return Ok(None);
    };
    Ok(Some(identified(Contact {
        tenant: TenantId::from_uuid(row.tenant_id),
        id: row.id.0,
        contact: row.contact_id.0,
        impersonated_by: None,
        is_read_only: true,
        signed_in_at: core.clock.now(),
        branding: row.branding.into(),
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    })))
}

/// Returns the partner user of a session; `None` for an anonymous or expired session or one of another realm.
pub async fn partner(core: &Core, session: SessionId) -> CoreResult<Option<Partner>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some(row) = tx
        .partner_of_session(&id_hash, now - IDLE_TIMEOUT, now - MAX_SESSION_AGE)
        .await?
    else {
        return Ok(None);
    };
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_INTERVAL {
        touch(core, Realm::Partner, &id_hash).await?;
    }
    let Some(session) = row.data.0.0.open().filter(|open| open.epoch == row.epoch) else {
        return Ok(None);
    };
    let sandbox = row.sandbox_id.filter(|_| session.is_test);
    Ok(Some(identified(Partner {
        tenant: TenantId::from_uuid(sandbox.unwrap_or(row.tenant_id)),
        live_tenant: TenantId::from_uuid(row.tenant_id),
        must_set_up: session.must_set_up && !row.has_second_factor,
        id: row.id.0,
        source_system: row.source_system_id.0,
        source_key: row.source_key,
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    })))
}

/// Returns a client of the partner's source system, for test calls from the partner console with the client's scopes.
pub(crate) fn client_for_partner(by: &Partner, line: &crate::integrations::model::ClientSummary) -> ApiClient {
    ApiClient {
        tenant: by.tenant,
        live_tenant: by.live_tenant,
        id: line.id,
        source_system: by.source_system,
        source_key: by.source_key.clone(),
        scopes: line.scopes.iter().filter_map(|name| Scope::from_name(name)).collect(),
        acting_partner: Some(by.id),
    }
}

async fn touch(core: &Core, realm: Realm, id_hash: &[u8]) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<SignIn>().await?;
    tx.touch_session(realm, id_hash).await?;
    Ok(tx.commit().await?)
}

/// Returns the client of an API key `ock_live_<id>_<secret>`, a test key `ock_test_…`, or an access token `oat_…`. A test
/// key acts in the tenant's sandbox: the same client, source system and settings, but separate data.
///
/// # Errors
/// `invalid_credentials`; `key_revoked` or `token_expired`, only if the secret is correct.
pub async fn client(core: &Core, credential: &str) -> CoreResult<ApiClient> {
    let invalid = || CoreError::new(Cause::KeyInvalid);
    let mut tx = core.store.read_system().await?;
    let (found, presented, key) = if let Some(rest) = credential.strip_prefix("ock_") {
        let (mode, rest) = rest.split_once('_').ok_or_else(invalid)?;
        let (public_id, secret) = rest.split_once('_').ok_or_else(invalid)?;
        let found = tx.client_by_key(public_id).await?;
        let found = found.filter(|identity| mode == if identity.is_test { "test" } else { "live" });
        (found, sha256(secret.as_bytes()), Some(public_id))
    } else if credential.starts_with(crate::integrations::oauth::TOKEN_PREFIX) {
        let hash = sha256(credential.as_bytes());
        (tx.client_by_token(&hash).await?, hash, None)
    } else {
        return Err(invalid());
    };
    drop(tx);
    let stored = found
        .as_ref()
        .map_or(&[0_u8; 32][..], |identity| identity.secret_hash.as_slice());
    let is_match = constant_time_eq(&presented, stored);
    let identity = found.filter(|_| is_match).ok_or_else(invalid)?;
    let now = core.clock.now();
    if identity.revoked_at.is_some() || identity.client_revoked_at.is_some() {
        return Err(CoreError::new(Cause::KeyRevoked));
    }
    if identity.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(CoreError::new(Cause::KeyExpired));
    }
    if let Some(public_id) = key
        && identity.last_used_at.is_none_or(|used| now - used > TOUCH_INTERVAL)
    {
        let mut tx = core.store.begin_system::<SignIn>().await?;
        tx.mark_key_used(public_id).await?;
        tx.commit().await?;
    }
    let tenant = if identity.is_test {
        identity.sandbox_id.ok_or_else(invalid)?
    } else {
        identity.tenant_id
    };
    Ok(identified(ApiClient {
        tenant: TenantId::from_uuid(tenant),
        live_tenant: TenantId::from_uuid(identity.tenant_id),
        id: identity.client_id.0,
        source_system: identity.source_system_id.0,
        source_key: identity.source_key,
        scopes: identity
            .scopes
            .0
            .iter()
            .filter_map(|name| Scope::from_name(name))
            .collect(),
        acting_partner: None,
    }))
}

/// Returns the client of a job that the worker has claimed. It has no scopes: the job's settings contain what the client
/// was allowed to do when the job was enqueued.
pub(crate) fn client_of_job(job: &ClaimedJob) -> ApiClient {
    ApiClient {
        tenant: TenantId::from_uuid(job.tenant_id),
        live_tenant: TenantId::from_uuid(job.tenant_id),
        id: job.client_id.0,
        source_system: job.source_system_id.0,
        source_key: String::new(),
        scopes: Vec::new(),
        acting_partner: None,
    }
}

/// Returns the system as an actor for a tenant.
pub(crate) fn system(tenant: TenantId, reason: &'static str) -> System {
    System {
        tenant,
        reason,
        on_behalf_of: None,
    }
}

/// Returns the system as an actor that does what another actor caused; the audit log names that actor.
pub(crate) fn system_on_behalf_of(tenant: TenantId, reason: &'static str, label: &str) -> System {
    System {
        on_behalf_of: Some(label.to_owned()),
        ..system(tenant, reason)
    }
}

fn terminology(words: Option<sqlx::types::Json<Terminology>>) -> Arc<Terminology> {
    Arc::new(words.map(|words| words.0).unwrap_or_default())
}

/// Returns the visitor of a public form and the form's settings; `None` if there is no form with this slug.
///
/// # Errors
/// Field `form` if the form is closed.
pub async fn form_visitor(core: &Core, slug: &str) -> CoreResult<Option<(FormVisitor, FormSettings)>> {
    let mut tx = core.store.read_system().await?;
    let Some(form) = tx.form_by_slug(slug).await? else {
        return Ok(None);
    };
    if form.is_closed {
        return Err(CoreError::field("form", FieldCode::FormClosed));
    }
    Ok(Some((
        identified(FormVisitor {
            tenant: TenantId::from_uuid(form.tenant_id),
            form: form.id.0,
            tenant_name: form.tenant_name,
            zone: form.zone,
            terminology: terminology(form.words),
        }),
        form.settings.0,
    )))
}

/// Returns the holder of a tracking link; `None` also for a link whose visit is over.
pub async fn tracking_requester(core: &Core, token: &str) -> CoreResult<Option<TrackingRequester>> {
    if token.len() != TOKEN_CHARS {
        return Ok(None);
    }
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let found = tx.tracked_request(&sha256(token.as_bytes())).await?.filter(|request| {
        let job = request.job_status.as_deref().and_then(TargetStatus::from_name);
        is_tracking_open(job, request.visit_ended_at, now)
    });
    Ok(found.map(|request| {
        identified(TrackingRequester {
            tenant: TenantId::from_uuid(request.tenant_id),
            request: domain::ids::Id::from_uuid(request.id),
            tenant_name: request.tenant_name,
            zone: request.zone,
            terminology: terminology(request.words),
            contact: request.contact.into(),
        })
    }))
}

/// Returns the terminal of a device token and the settings of its form; `None` if it was unpaired.
///
/// # Errors
/// Field `form` if its form is closed.
pub async fn terminal(core: &Core, token: &str) -> CoreResult<Option<(Terminal, FormSettings)>> {
    let mut tx = core.store.read_system().await?;
    let Some(found) = tx.terminal_by_device(&sha256(token.as_bytes())).await? else {
        return Ok(None);
    };
    if found.is_closed {
        return Err(CoreError::field("form", FieldCode::FormClosed));
    }
    let terminal = identified(Terminal {
        tenant: TenantId::from_uuid(found.tenant_id),
        id: found.id.0,
        location: domain::ids::Id::from_uuid(found.location_id),
        customer: domain::ids::Id::from_uuid(found.customer_id),
        form: domain::ids::Id::from_uuid(found.form_id),
        tenant_name: found.tenant_name,
        location_name: found.location_name,
        zone: found.zone,
        last_seen_at: found.last_seen_at,
        terminology: terminology(found.words),
    });
    Ok(Some((terminal, found.settings.0)))
}
