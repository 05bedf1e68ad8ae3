//! The only place that makes actors, each from its evidence: a session, an API key, or a row that says so.

use std::sync::Arc;

use chrono::TimeDelta;
use domain::intake::form::FormSettings;
use domain::locale::Locale;
use domain::permissions::{ManagePortalAccess, Permission};
use domain::portal_access::LOOK_LASTS;
use domain::problems::Problem;
use domain::public_words::OwnWords;
use domain::roles::Role;
use domain::scopes::Scope;

use crate::identity::actors::{
    ApiClient, Contact, FormVisitor, Partner, Staff, System, TenantId, Terminal, TrackingRequester,
};
use crate::identity::sessions;
use crate::identity::sessions::SessionId;
use crate::identity::store::sessions::Door;
use crate::imports::ClaimedJob;
use crate::secrets::{fingerprint, same};
use crate::{Core, CoreError, CoreResult};

/// A session that was not used for so long has ended.
pub const IDLE: TimeDelta = TimeDelta::hours(12);
/// A session that is so old has ended, used or not.
pub const ABSOLUTE: TimeDelta = TimeDelta::days(7);
/// How exact the time of last use is: not every page view is a write.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(5);

/// The member of the staff behind a session; `None` for a session of nobody, of the other door, or one that has ended.
///
/// # Errors
/// The database does not answer.
pub async fn staff(core: &Core, session: SessionId) -> CoreResult<Option<Staff>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some(row) = tx.staff_of_session(&id_hash, now - IDLE, now - ABSOLUTE).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_EVERY {
        touch(core, Door::Staff, &id_hash).await?;
    }
    let Some(role) = Role::from_name(&row.role) else {
        return Ok(None);
    };
    let twin = looks_at_twin(row.twin_id, &row.data.0);
    Ok(Some(Staff {
        is_test: twin.is_some(),
        tenant: TenantId::from_uuid(twin.unwrap_or(row.tenant_id)),
        id: row.id.0,
        role,
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    }))
}

/// The portal user behind a session; `None` for a session of nobody, of the other door, or one that has ended.
///
/// # Errors
/// The database does not answer.
pub async fn contact(core: &Core, session: SessionId) -> CoreResult<Option<Contact>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some(row) = tx.contact_of_session(&id_hash, now - IDLE, now - ABSOLUTE).await? else {
        return Ok(None);
    };
    let look = row.data.0.get(sessions::LOOK).cloned();
    let looked_at_by = match &look {
        None => None,
        Some(staff) => {
            let staff = staff.as_str().and_then(|text| uuid::Uuid::parse_str(text).ok());
            let role = match staff {
                Some(id) => tx.role_of_staff(row.tenant_id, id).await?,
                None => None,
            };
            let may = role
                .as_deref()
                .and_then(Role::from_name)
                .is_some_and(|role| <ManagePortalAccess as Permission>::ROLES.contains(&role));
            // A look is short, and ends with the right to look.
            if !may || now - row.signed_in_at > LOOK_LASTS {
                return Ok(None);
            }
            staff.map(domain::ids::StaffId::from_uuid)
        }
    };
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_EVERY {
        touch(core, Door::Portal, &id_hash).await?;
    }
    Ok(Some(Contact {
        tenant: TenantId::from_uuid(row.tenant_id),
        id: row.id.0,
        contact: row.contact_id.0,
        looked_at_by,
        only_reads: false,
        look: row.look.into(),
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    }))
}

/// The portal user whose calendar has this secret address, for reading only; `None` if there is none, or no longer.
///
/// # Errors
/// The database does not answer.
pub async fn calendar_reader(core: &Core, token: &str) -> CoreResult<Option<Contact>> {
    // A text of any other length was not made here.
    if token.len() != 27 {
        return Ok(None);
    }
    let mut tx = core.store.read_system().await?;
    let Some(row) = tx.contact_of_feed(&fingerprint(token.as_bytes())).await? else {
        return Ok(None);
    };
    Ok(Some(Contact {
        tenant: TenantId::from_uuid(row.tenant_id),
        id: row.id.0,
        contact: row.contact_id.0,
        looked_at_by: None,
        only_reads: true,
        look: row.look.into(),
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    }))
}

/// The person of a partner behind a session; `None` for a session of nobody, of another door, or one that has ended.
///
/// # Errors
/// The database does not answer.
pub async fn partner(core: &Core, session: SessionId) -> CoreResult<Option<Partner>> {
    let id_hash = session.hash();
    let mut tx = core.store.read_system().await?;
    let now = core.clock.now();
    let Some(row) = tx.partner_of_session(&id_hash, now - IDLE, now - ABSOLUTE).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    if now - row.last_seen_at > TOUCH_EVERY {
        touch(core, Door::Partner, &id_hash).await?;
    }
    let twin = looks_at_twin(row.twin_id, &row.data.0);
    Ok(Some(Partner {
        tenant: TenantId::from_uuid(twin.unwrap_or(row.tenant_id)),
        live_tenant: TenantId::from_uuid(row.tenant_id),
        id: row.id.0,
        source_system: row.source_system_id.0,
        source_key: row.source_key,
        display_name: row.display_name,
        locale: row.locale.as_deref().and_then(Locale::from_tag),
        tenant_name: row.tenant_name,
        zone: row.zone,
    }))
}

/// A look at test data is a look at the twin; it is asked for in the session and ends when the twin is gone.
fn looks_at_twin(twin: Option<uuid::Uuid>, session: &serde_json::Value) -> Option<uuid::Uuid> {
    twin.filter(|_| session.get(sessions::TEST_DATA) == Some(&serde_json::Value::Bool(true)))
}

/// One of the clients of a partner's own source, for trying something out with its rights.
pub(crate) fn client_to_try(by: &Partner, line: &crate::integrations::model::ClientLine) -> ApiClient {
    ApiClient {
        tenant: by.tenant,
        live_tenant: by.live_tenant,
        id: line.id.0,
        source_system: by.source_system,
        source_key: by.source_key.clone(),
        scopes: line.scopes.0.iter().filter_map(|name| Scope::from_name(name)).collect(),
        tried_by: Some(by.id),
    }
}

async fn touch(core: &Core, door: Door, id_hash: &[u8]) -> CoreResult<()> {
    let mut tx = core.store.begin_system().await?;
    tx.touch_session(door, id_hash).await?;
    Ok(tx.commit().await?)
}

/// The client behind an API key `ock_live_<id>_<secret>`, a test key `ock_test_…`, or an access token `oat_…`. A test key
/// leads into the tenant's twin: the same client, source and settings, other data.
///
/// # Errors
/// `invalid_credentials`, `key_revoked` or `token_expired`. The last two are only told to whoever knows the secret.
pub async fn client(core: &Core, credential: &str) -> CoreResult<ApiClient> {
    let invalid = || CoreError::new(Problem::InvalidCredentials, "The API key or access token is not valid.");
    let mut tx = core.store.read_system().await?;
    let (found, presented, key) = if let Some(rest) = credential.strip_prefix("ock_") {
        let (mode, rest) = rest.split_once('_').ok_or_else(invalid)?;
        let (public_id, secret) = rest.split_once('_').ok_or_else(invalid)?;
        let found = tx.client_by_key(public_id).await?;
        let found = found.filter(|identity| mode == if identity.is_test { "test" } else { "live" });
        (found, fingerprint(secret.as_bytes()), Some(public_id))
    } else if credential.starts_with(crate::integrations::oauth::TOKEN_PREFIX) {
        let hash = fingerprint(credential.as_bytes());
        (tx.client_by_token(&hash).await?, hash, None)
    } else {
        return Err(invalid());
    };
    drop(tx);
    let stored = found
        .as_ref()
        .map_or(&[0_u8; 32][..], |identity| identity.secret_hash.as_slice());
    let matches = same(&presented, stored);
    let identity = found.filter(|_| matches).ok_or_else(invalid)?;
    let now = core.clock.now();
    if identity.revoked_at.is_some() || identity.client_revoked_at.is_some() {
        return Err(CoreError::new(Problem::KeyRevoked, "This credential was revoked."));
    }
    if identity.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(CoreError::new(Problem::TokenExpired, "This credential has expired."));
    }
    if let Some(public_id) = key
        && identity.last_used_at.is_none_or(|used| now - used > TOUCH_EVERY)
    {
        let mut tx = core.store.begin_system().await?;
        tx.key_used(public_id).await?;
        tx.commit().await?;
    }
    let tenant = if identity.is_test {
        identity.twin_id.ok_or_else(invalid)?
    } else {
        identity.tenant_id
    };
    Ok(ApiClient {
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
        tried_by: None,
    })
}

/// The client whose job the worker has claimed. It needs no scopes: what it may do was read when the job was taken in and
/// stands in the job's settings.
pub(crate) fn client_of_job(job: &ClaimedJob) -> ApiClient {
    ApiClient {
        tenant: TenantId::from_uuid(job.tenant_id),
        live_tenant: TenantId::from_uuid(job.tenant_id),
        id: job.client_id.0,
        source_system: job.source_system_id.0,
        source_key: String::new(),
        scopes: Vec::new(),
        tried_by: None,
    }
}

/// The system acting for a tenant that administration has just found or made.
pub(crate) fn system(tenant: TenantId, reason: &'static str) -> System {
    System {
        tenant,
        reason,
        for_whom: None,
    }
}

fn own_words(words: Option<sqlx::types::Json<OwnWords>>) -> Arc<OwnWords> {
    Arc::new(words.map(|words| words.0).unwrap_or_default())
}

/// Whoever stands at a public form, and the form; `None` if there is none under this address.
///
/// # Errors
/// The database does not answer; field `form` for a form that was closed.
pub async fn form_visitor(core: &Core, slug: &str) -> CoreResult<Option<(FormVisitor, FormSettings)>> {
    let mut tx = core.store.read_system().await?;
    let Some(form) = tx.form_by_slug(slug).await? else {
        return Ok(None);
    };
    if form.is_closed {
        return Err(CoreError::field(
            "form",
            "form_closed",
            "This form takes no more requests.",
        ));
    }
    Ok(Some((
        FormVisitor {
            tenant: TenantId::from_uuid(form.tenant_id),
            form: form.id.0,
            tenant_name: form.tenant_name,
            zone: form.zone,
            words: own_words(form.words),
        },
        form.settings.0,
    )))
}

/// Whoever holds a tracking link; `None` if the token leads nowhere.
///
/// # Errors
/// The database does not answer.
pub async fn tracking_requester(core: &Core, token: &str) -> CoreResult<Option<TrackingRequester>> {
    // A text of any other length was not made here.
    if token.len() != 27 {
        return Ok(None);
    }
    let mut tx = core.store.read_system().await?;
    let found = tx.tracked_request(&fingerprint(token.as_bytes())).await?;
    Ok(found.map(|request| TrackingRequester {
        tenant: TenantId::from_uuid(request.tenant_id),
        request: domain::ids::Id::from_uuid(request.id),
        tenant_name: request.tenant_name,
        zone: request.zone,
        words: own_words(request.words),
    }))
}

/// The terminal behind a device token with the settings of its form; `None` if it was unpaired.
///
/// # Errors
/// The database does not answer; field `form` if its form was closed.
pub async fn terminal(core: &Core, token: &str) -> CoreResult<Option<(Terminal, FormSettings)>> {
    let mut tx = core.store.read_system().await?;
    let Some(found) = tx.terminal_by_device(&fingerprint(token.as_bytes())).await? else {
        return Ok(None);
    };
    if found.is_closed {
        return Err(CoreError::field(
            "form",
            "form_closed",
            "This form takes no more requests.",
        ));
    }
    let terminal = Terminal {
        tenant: TenantId::from_uuid(found.tenant_id),
        id: found.id.0,
        location: domain::ids::Id::from_uuid(found.location_id),
        customer: domain::ids::Id::from_uuid(found.customer_id),
        form: domain::ids::Id::from_uuid(found.form_id),
        tenant_name: found.tenant_name,
        location_name: found.location_name,
        zone: found.zone,
        last_seen_at: found.last_seen_at,
        words: own_words(found.words),
    };
    Ok(Some((terminal, found.settings.0)))
}
