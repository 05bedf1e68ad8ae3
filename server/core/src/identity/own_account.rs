//! What signed-in people do with their own account in every realm: password and sessions.

use chrono::{DateTime, Utc};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use secrecy::SecretString;

use crate::addresses;
use crate::identity::access::end_access;
use crate::identity::account::{AccountHolder, begin_own, check_password};
use crate::identity::admission::SignedIn;
use crate::identity::authentication::{IDLE_TIMEOUT, MAX_SESSION_AGE};
use crate::identity::sessions::SessionId;
use crate::identity::sign_in::readmit;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::{hex, parse_digest};
use crate::{Core, CoreError, CoreResult};

/// A session of the own account.
#[derive(Debug, Clone)]
pub struct SessionSummary {
    /// The hash of the session ID, which identifies the session but cannot be used to sign in.
    pub reference: String,
    /// The browser's user agent.
    pub agent: String,
    pub signed_in_at: DateTime<Utc>,
    /// The last use, with a precision of a few minutes.
    pub last_seen_at: DateTime<Utc>,
    /// Whether this is the current session.
    pub is_current: bool,
}

/// Lists the open sessions of the own account, the last used first.
///
/// # Errors
/// The database is not available.
pub async fn sessions(
    core: &Core,
    holder: &impl AccountHolder,
    current: Option<SessionId>,
) -> CoreResult<Vec<SessionSummary>> {
    let now = core.clock.now();
    let current_hash = current.map(SessionId::hash);
    let mut tx = core.store.read_system().await?;
    let sessions = tx
        .own_sessions(holder.account(), now - IDLE_TIMEOUT, now - MAX_SESSION_AGE)
        .await?;
    // View-as sessions are not the person's own; they are in the organization's audit log.
    Ok(sessions
        .into_iter()
        .filter_map(|session| {
            let open = session.data.0.0.open().filter(|open| open.view_as.is_none())?;
            Some(SessionSummary {
                reference: hex(&session.id_hash),
                agent: open.user_agent.clone(),
                signed_in_at: session.signed_in_at.unwrap_or(session.last_seen_at),
                last_seen_at: session.last_seen_at,
                is_current: current_hash.as_ref() == Some(&session.id_hash),
            })
        })
        .collect())
}

/// Ends one of the own sessions.
///
/// # Errors
/// `not_found`.
pub async fn end_session(core: &Core, holder: &impl AccountHolder, session: &str) -> CoreResult<()> {
    let id_hash = parse_digest(session).ok_or_else(CoreError::not_found)?;
    let account = holder.account();
    let mut tx = begin_own(core, holder).await?;
    if !tx.delete_own_session(account, &id_hash).await? {
        return Err(CoreError::not_found());
    }
    let action = match account.realm {
        Realm::Staff => "staff.session_ended",
        Realm::Portal => "portal.session_ended",
        Realm::Partner => "partner.session_ended",
    };
    tx.audit(account.tenant, &account.label(), action, &account.id_text())
        .await?;
    Ok(tx.commit().await?)
}

/// Signs out everywhere: ends all access of the own account, including the current session.
///
/// # Errors
/// For a read-only session.
pub async fn end_all_sessions(core: &Core, holder: &impl AccountHolder) -> CoreResult<()> {
    let account = holder.account();
    let mut tx = begin_own(core, holder).await?;
    end_access(&mut tx.tx, account.realm, account.tenant, account.id).await?;
    tx.audit(
        account.tenant,
        &account.label(),
        "account.signed_out_everywhere",
        &account.id_text(),
    )
    .await?;
    Ok(tx.commit().await?)
}

/// Sets a new password of a staff or partner account, tells the account's address and ends its access; the caller opens a
/// new session. Portal accounts have links, too; `portal_access::profile` changes their passwords.
///
/// # Errors
/// Field `current` for a wrong current password, field `password` for an invalid new one; `not_found` for the portal.
pub async fn change_password(
    core: &Core,
    holder: &impl AccountHolder,
    locale: Locale,
    current: &SecretString,
    new: &SecretString,
) -> CoreResult<SignedIn> {
    let account = holder.account();
    drop(begin_own(core, holder).await?);
    let email = check_password(core, holder, current).await?;
    let hash = core.passwords.hash(new, &email).await?;
    let mut tx = begin_own(core, holder).await?;
    let ended = match account.realm {
        Realm::Staff => tx.set_staff_password(account.tenant, account.id.into(), &hash).await?,
        Realm::Partner => {
            tx.set_partner_password(account.tenant, account.id.into(), &hash)
                .await?
        }
        Realm::Portal => return Err(CoreError::not_found()),
    };
    let [organization, name, zone] = holder.names();
    let data = MailData {
        page: Some(addresses::sign_in_path(account.realm).to_owned()),
        ..mail_data(organization, name, zone, None)
    };
    let mail = AccountMail {
        kind: MailKind::AccountPasswordChanged,
        recipient: &email,
        locale,
        data: &data,
        link: None,
        needs_review: false,
    };
    tx.insert_account_mail(account.tenant, &mail).await?;
    let label = account.label();
    tx.audit(account.tenant, &label, "account.password_changed", &label)
        .await?;
    tx.commit().await?;
    Ok(readmit(holder, ended.epoch))
}
