//! Accounts of partners: invited by an administrator, made by whoever opens the invitation, locked again. An invitation is
//! a link with a random text that is kept as a hash, works once, and ends by itself.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{PartnerId, SourceSystemId};
use domain::permissions::{ManageIntegrations, ViewIntegrations};
use domain::text;
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::form::Form;
use crate::identity::actors::{Permit, TenantId};
use crate::identity::model::PartnerLine;
use crate::secrets::{fingerprint, hex};
use crate::{Core, CoreError, CoreResult};

/// How long an invitation is open.
pub const INVITATION_LASTS: TimeDelta = TimeDelta::days(7);
/// The longest name on screen, in characters.
const MOST_NAME: usize = 200;

/// What the page of an invitation says.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Who invites.
    pub tenant_name: String,
    /// Who is invited.
    pub display_name: String,
    /// The address to sign in with.
    pub email: String,
    /// The source system that the account will see.
    pub source_key: String,
}

/// A fresh invitation: the text of the link, its hash, and when it ends.
struct NewInvitation {
    text: String,
    hash: Vec<u8>,
    expires_at: DateTime<Utc>,
}

impl NewInvitation {
    fn generate(core: &Core) -> Self {
        let text = hex(&core.randomness.bytes::<32>());
        Self {
            hash: fingerprint(text.as_bytes()),
            text,
            expires_at: core.clock.now() + INVITATION_LASTS,
        }
    }

    fn link(self, core: &Core) -> SecretString {
        format!("{}/partner/invitation/{}", core.settings.public_url, self.text).into()
    }
}

/// The accounts that see a source system.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewIntegrations>,
    source: SourceSystemId,
) -> CoreResult<Vec<PartnerLine>> {
    Ok(core.store.read(by.staff()).await?.partners_of(source).await?)
}

/// Invites somebody to see a source system. The answer is the link, shown this once.
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
    let name = form.text("name", MOST_NAME, text::line(name, MOST_NAME));
    let email = form.text("email", 254, text::email(email));
    form.finish()?;
    let (name, email) = (name.unwrap_or_default(), email.unwrap_or_default());
    let invitation = NewInvitation::generate(core);
    let mut tx = core.store.begin(by.staff()).await?;
    tx.source(source).await?.ok_or_else(CoreError::not_found)?;
    let id = tx
        .invite_partner(source, &email, &name, (&invitation.hash, invitation.expires_at))
        .await?
        .ok_or_else(|| CoreError::field("email", "taken", "There is a partner account with this address."))?;
    tx.audit("partner.invited", id, json!({ "source": source }));
    finish(core, tx).await?;
    Ok(invitation.link(core))
}

/// Invites again: a new link, for an invitation that was lost or a password that was forgotten. The old link ends now, the
/// old password when the new link is used.
///
/// # Errors
/// `not_found`, also for a locked account.
pub async fn invite_again(
    core: &Core,
    by: Permit<'_, ManageIntegrations>,
    source: SourceSystemId,
    id: PartnerId,
) -> CoreResult<SecretString> {
    let invitation = NewInvitation::generate(core);
    let mut tx = core.store.begin(by.staff()).await?;
    let hash_and_end = (invitation.hash.as_slice(), invitation.expires_at);
    if !tx.invite_partner_again(source, id, hash_and_end).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("partner.invited", id, json!({ "source": source, "again": true }));
    finish(core, tx).await?;
    Ok(invitation.link(core))
}

/// Locks or unlocks an account; locking ends its sessions and its invitation is of no use meanwhile.
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
    if !tx.lock_partner_of(source, id, locked).await? {
        return Err(CoreError::not_found());
    }
    let action = if locked { "partner.locked" } else { "partner.unlocked" };
    tx.audit(action, id, json!({}));
    finish(core, tx).await
}

/// What an invitation is about.
///
/// # Errors
/// `not_found` for one that was never made, was used, or has ended.
pub async fn invitation(core: &Core, link: &str) -> CoreResult<Invitation> {
    let mut tx = core.store.read_system().await?;
    let found = tx.open_invitation(&fingerprint(link.as_bytes())).await?;
    let found = found.ok_or_else(CoreError::not_found)?;
    Ok(Invitation {
        tenant_name: found.tenant_name,
        display_name: found.display_name,
        email: found.email,
        source_key: found.source_key,
    })
}

/// Accepts an invitation with a password of one's own; then one can sign in.
///
/// # Errors
/// `not_found` as for [`invitation`]; field `password`.
pub async fn accept(core: &Core, link: &str, password: &SecretString) -> CoreResult<()> {
    let hash = fingerprint(link.as_bytes());
    let mut tx = core.store.read_system().await?;
    let found = tx.open_invitation(&hash).await?;
    drop(tx);
    // Only who holds a link makes the server hash.
    let found = found.ok_or_else(CoreError::not_found)?;
    let password_hash = core.passwords.hash(password, &found.email).await?;
    let tenant = TenantId::from_uuid(found.tenant_id);
    let mut tx = core.store.begin_system().await?;
    if !tx.accept_invitation(tenant, found.id.0, &hash, &password_hash).await? {
        return Err(CoreError::not_found());
    }
    let label = format!("partner:{}", found.id);
    tx.audit(tenant, &label, "partner.invitation_accepted", &label).await?;
    Ok(tx.commit().await?)
}
