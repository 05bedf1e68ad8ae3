//! Partner accounts: invitation, activation, locking. An invitation is a link with a random token; the token is stored as a
//! hash, works once and expires.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::FieldCode;
use domain::identity::permissions::ManageIntegrations;
use domain::ids::{PartnerId, SourceSystemId};
use domain::text;
use secrecy::SecretString;
use serde_json::json;

use crate::addresses;
use crate::commit::finish;
use crate::db::purpose::SignIn;
use crate::form::Form;
use crate::identity::actors::{Permit, TenantId};
use crate::secrets::{hex, sha256};
use crate::{Core, CoreError, CoreResult};

/// How long an invitation is valid.
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);
const MAX_NAME_CHARS: usize = 200;

/// An open invitation.
#[derive(Debug, Clone)]
pub struct Invitation {
    pub tenant_name: String,
    pub display_name: String,
    pub email: String,
    pub source_key: String,
}

struct NewInvitation {
    token: String,
    hash: Vec<u8>,
    expires_at: DateTime<Utc>,
}

impl NewInvitation {
    fn generate(core: &Core) -> Self {
        let token = hex(&core.randomness.bytes::<32>());
        Self {
            hash: sha256(token.as_bytes()),
            token,
            expires_at: core.clock.now() + INVITATION_LIFETIME,
        }
    }

    fn link(self, core: &Core) -> SecretString {
        addresses::partner_invitation(&core.settings, &self.token).into()
    }
}

/// Invites a partner user to a source system and returns the link, which cannot be shown again.
///
/// # Errors
/// `not_found`; fields `name`, `email`.
pub async fn invite(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    source: SourceSystemId,
    name: &str,
    email: &str,
) -> CoreResult<SecretString> {
    let mut form = Form::default();
    let name = form.text("name", MAX_NAME_CHARS, text::line(name, MAX_NAME_CHARS));
    let email = form.text("email", 254, text::email(email));
    form.finish()?;
    let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
    let invitation = NewInvitation::generate(core);
    let mut tx = core.store.begin(by.staff()).await?;
    tx.source(source).await?.ok_or_else(CoreError::not_found)?;
    let id = tx
        .invite_partner(source, &email, &name, (&invitation.hash, invitation.expires_at))
        .await?
        .ok_or_else(|| CoreError::field("email", FieldCode::Taken))?;
    tx.audit("partner.invited", id, json!({ "source": source }));
    finish(core, tx).await?;
    Ok(invitation.link(core))
}

/// Creates a new link, for a lost invitation or a forgotten password. The old link is revoked now, the old password when the
/// new link is used.
///
/// # Errors
/// `not_found`, also for a locked account.
pub async fn renew_invitation(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    source: SourceSystemId,
    id: PartnerId,
) -> CoreResult<SecretString> {
    let invitation = NewInvitation::generate(core);
    let mut tx = core.store.begin(by.staff()).await?;
    let hash_and_expiry = (invitation.hash.as_slice(), invitation.expires_at);
    if !tx.replace_invitation(source, id, hash_and_expiry).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("partner.invited", id, json!({ "source": source, "again": true }));
    finish(core, tx).await?;
    Ok(invitation.link(core))
}

/// Locks or unlocks an account; locking revokes its sessions and suspends its invitation.
///
/// # Errors
/// `not_found`.
pub async fn lock(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    source: SourceSystemId,
    id: PartnerId,
    locked: bool,
) -> CoreResult<()> {
    let mut tx = core.store.begin(by.staff()).await?;
    if !tx.lock_partner_of_source(source, id, locked).await? {
        return Err(CoreError::not_found());
    }
    let action = if locked { "partner.locked" } else { "partner.unlocked" };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// Returns an open invitation.
///
/// # Errors
/// `not_found` for an unknown, used or expired invitation.
pub async fn invitation(core: &Core, link: &str) -> CoreResult<Invitation> {
    let mut tx = core.store.read_system().await?;
    let found = tx.open_invitation(&sha256(link.as_bytes())).await?;
    let found = found.ok_or_else(CoreError::not_found)?;
    Ok(Invitation {
        tenant_name: found.tenant_name,
        display_name: found.display_name,
        email: found.email,
        source_key: found.source_key,
    })
}

/// Accepts an invitation and sets the password.
///
/// # Errors
/// `not_found` as for [`invitation`]; field `password`.
pub async fn accept(core: &Core, link: &str, password: &SecretString) -> CoreResult<()> {
    let hash = sha256(link.as_bytes());
    let mut tx = core.store.read_system().await?;
    let found = tx.open_invitation(&hash).await?;
    drop(tx);
    // Hashing is expensive, so it requires a valid link.
    let found = found.ok_or_else(CoreError::not_found)?;
    let password_hash = core.passwords.hash(password, &found.email).await?;
    let tenant = TenantId::from_uuid(found.tenant_id);
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.accept_invitation(tenant, found.id.0, &hash, &password_hash).await? {
        return Err(CoreError::not_found());
    }
    let label = format!("partner:{}", found.id);
    tx.audit(tenant, &label, "partner.invitation_accepted", &label).await?;
    Ok(tx.commit().await?)
}
