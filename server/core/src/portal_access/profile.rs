//! What portal users do about their own account: password, address, sessions.

use chrono::{DateTime, Utc};
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::portal_access::LinkPurpose;
use domain::text;
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, Contact};
use crate::identity::authentication::{ABSOLUTE, IDLE};
use crate::identity::sessions::{LOOK, SessionId};
use crate::identity::sign_in;
use crate::identity::sign_in::Admission;
use crate::identity::two_factor;
use crate::identity::two_factor::SecondFactor;
use crate::portal_access::links;
use crate::portal_access::links::Letter;
use crate::portal_access::model::GrantLine;
use crate::secrets::hex;
use crate::{Core, CoreError, CoreResult};

/// The member of a session's data that says with which browser it was opened.
pub const AGENT: &str = "agent";

/// One of the own sessions.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// What ends it: nothing that could be used to enter it.
    pub reference: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When it was opened.
    pub signed_in_at: DateTime<Utc>,
    /// When it was used last, within a few minutes.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The own account.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The address to sign in with.
    pub email: String,
    /// Whether there is a password; without one, links in mails sign in.
    pub has_password: bool,
    /// What is granted.
    pub grants: Vec<GrantLine>,
    /// Where one is signed in.
    pub sessions: Vec<SessionLine>,
    /// Whether a code is asked for when signing in.
    pub second_factor: SecondFactor,
}

/// The own account.
///
/// # Errors
/// The database does not answer.
pub async fn profile(core: &Core, contact: &Contact, session: Option<SessionId>) -> CoreResult<Profile> {
    let now = core.clock.now();
    let own_hash = session.map(SessionId::hash);
    let mut tx = core.store.read(contact).await?;
    let account = tx.own_account().await?;
    let sessions = tx.own_sessions(now - IDLE, now - ABSOLUTE).await?;
    Ok(Profile {
        second_factor: two_factor::state(core, contact, tx.own_factor().await?, &account.email)?,
        email: account.email,
        has_password: !account.password_hash.is_empty(),
        grants: tx.own_grants().await?,
        // A look by the staff is no session of one's own; it is in the organisation's audit log.
        sessions: sessions
            .into_iter()
            .filter(|session| session.data.0.get(LOOK).is_none())
            .map(|session| SessionLine {
                reference: hex(&session.id_hash),
                agent: session
                    .data
                    .0
                    .get(AGENT)
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                signed_in_at: session.signed_in_at.unwrap_or(session.last_seen_at),
                last_seen_at: session.last_seen_at,
                is_this: own_hash.as_ref() == Some(&session.id_hash),
            })
            .collect(),
    })
}

/// Only who knows the present password changes what one signs in with; without a password the session must do.
pub(crate) async fn check_password(core: &Core, contact: &Contact, password: &SecretString) -> CoreResult<String> {
    let account = core.store.read(contact).await?.own_account().await?;
    let stored = account.password_hash;
    if !stored.is_empty() {
        let key = crate::secrets::fingerprint(format!("own password\n{}", contact.label()).as_bytes());
        let mut tx = core.store.begin_system().await?;
        let attempt = sign_in::count_attempt(core, &mut tx, &key).await?;
        tx.lock_attempts(&key, core.clock.now() + sign_in::lock_after(attempt))
            .await?;
        tx.commit().await?;
        if !core.passwords.verify(password, Some(&stored)).await? {
            return Err(CoreError::field(
                "current",
                "wrong_password",
                "This is not your present password.",
            ));
        }
        let mut tx = core.store.begin_system().await?;
        tx.clear_throttle(&key).await?;
        tx.commit().await?;
    }
    Ok(account.email)
}

/// Sets a new password and tells the account's address. Every session ends; the caller opens a new one for whoever asked.
///
/// # Errors
/// Field `current` for a wrong present password, field `password` for a new one that will not do.
pub async fn change_password(
    core: &Core,
    contact: &Contact,
    locale: Locale,
    current: &SecretString,
    new: &SecretString,
) -> CoreResult<Admission> {
    let email = check_password(core, contact, current).await?;
    let hash = core.passwords.hash(new, &email).await?;
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_password(&hash).await?;
    two_factor::tell(&mut tx, contact, MailKind::PortalPasswordChanged, locale).await?;
    tx.end_own_links().await?;
    tx.audit("portal.password_changed", contact.id(), json!({}));
    finish(core, tx).await?;
    // Whoever asked has given every proof when this session was opened.
    Ok(Admission::granted(contact.tenant().uuid(), contact.id().uuid()))
}

/// Sends a link to a new address; it becomes the account's when the link is opened there.
///
/// # Errors
/// Field `current` or `email`. An address that somebody else has is answered like any other, and no mail is sent.
pub async fn change_email(
    core: &Core,
    contact: &Contact,
    locale: Locale,
    current: &SecretString,
    email: &str,
) -> CoreResult<()> {
    let email = text::email(email)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text("email", error, 254)]))?;
    let before = check_password(core, contact, current).await?;
    if email == before {
        return Err(CoreError::field("email", "unchanged", "This is your address already."));
    }
    let mut tx = core.store.begin(contact).await?;
    if !tx.is_email_taken(&email).await? {
        let letter = Letter {
            kind: MailKind::PortalEmail,
            purpose: LinkPurpose::Email,
            account: contact.id(),
            name: contact.display_name(),
            recipient: &email,
            new_email: Some(&email),
            locale,
            tenant_name: contact.tenant_name(),
            zone: contact.zone(),
        };
        links::send(core, &mut tx, contact.tenant(), &letter).await?;
    }
    tx.audit("portal.email_change_asked", contact.id(), json!({}));
    finish(core, tx).await?;
    Ok(())
}

/// Ends one of the own sessions.
///
/// # Errors
/// `not_found`.
pub async fn end_session(core: &Core, contact: &Contact, session: &str) -> CoreResult<()> {
    let id_hash: Option<Vec<u8>> = (session.len() == 64 && session.is_ascii())
        .then(|| {
            (0..32)
                .map(|at| u8::from_str_radix(&session[at * 2..at * 2 + 2], 16).ok())
                .collect()
        })
        .flatten();
    let id_hash = id_hash.ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin(contact).await?;
    if !tx.end_own_session(&id_hash).await? {
        return Err(CoreError::not_found());
    }
    tx.audit("portal.session_ended", contact.id(), json!({}));
    finish(core, tx).await
}

/// Signs out everywhere, here too.
///
/// # Errors
/// The database does not answer.
pub async fn end_all_sessions(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let ended = tx.end_own_sessions().await?;
    tx.audit(
        "portal.signed_out_everywhere",
        contact.id(),
        json!({ "sessions": ended }),
    );
    finish(core, tx).await
}
