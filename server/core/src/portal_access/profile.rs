//! Use cases of portal users for their own account: password, email address, sessions.

use domain::fields::FieldCode;
use domain::intake::mails::{MailKind, MailTopic};
use domain::locale::Locale;
use domain::network::Network;
use domain::portal_access::LinkPurpose;
use domain::text;
use secrecy::SecretString;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::account::check_password;
use crate::identity::actors::{Actor as _, Contact};
use crate::identity::admission::SignedIn;
use crate::identity::own_account::SessionSummary;
use crate::identity::sessions::SessionId;
use crate::identity::two_factor::TwoFactorStatus;
use crate::identity::{own_account, sign_in, two_factor};
use crate::portal_access::links;
use crate::portal_access::links::{LinkMail, mail_data};
use crate::portal_access::model::GrantSummary;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::{Core, CoreError, CoreResult};

/// What the user shows before a change to the sign-in settings, such as a new address or a calendar feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The current password.
    Password,
    /// Nothing more: the account has no password, and a mailed link signed in a few minutes ago.
    Shown,
    /// A new mailed link, which stands for the password that the account does not have.
    Link,
}

impl Proof {
    pub(super) fn of(core: &Core, contact: &Contact, has_password: bool) -> Self {
        if has_password {
            Self::Password
        } else if contact.is_freshly_signed_in(core.clock.now()) {
            Self::Shown
        } else {
            Self::Link
        }
    }
}

/// The user's account.
#[derive(Debug, Clone)]
pub struct Profile {
    pub email: String,
    /// What changes to the sign-in settings ask for.
    pub proof: Proof,
    pub grants: Vec<GrantSummary>,
    pub sessions: Vec<SessionSummary>,
    pub second_factor: TwoFactorStatus,
    /// The topics of emails that the user has turned off.
    pub muted: Vec<MailTopic>,
}

/// Returns the user's account.
pub async fn profile(core: &Core, contact: &Contact, session: Option<SessionId>) -> CoreResult<Profile> {
    let sessions = own_account::sessions(core, contact, session).await?;
    let second_factor = two_factor::status(core, contact).await?;
    let mut tx = core.store.read(contact).await?;
    let account = tx.own_account().await?;
    Ok(Profile {
        second_factor,
        proof: Proof::of(core, contact, !account.password_hash.is_empty()),
        muted: account
            .muted_mails
            .0
            .iter()
            .filter_map(|name| MailTopic::from_name(name))
            .collect(),
        email: account.email,
        grants: tx.own_grants().await?,
        sessions,
    })
}

/// Sets the topics of emails that the user wants; all others are turned off.
pub async fn set_wanted_mails(core: &Core, contact: &Contact, wanted: &[MailTopic]) -> CoreResult<()> {
    let muted: Vec<MailTopic> = MailTopic::ALL
        .iter()
        .copied()
        .filter(|topic| !wanted.contains(topic))
        .collect();
    let mut tx = core.store.begin(contact).await?;
    tx.set_muted_mails(&muted).await?;
    let names: Vec<&str> = muted.iter().map(|topic| topic.name()).collect();
    tx.audit("portal.mails_changed", contact.id(), json!({ "muted": names }));
    finish(core, tx).await
}

/// Notifies the account's address about a new password, in case someone else set it.
async fn notify_new_password(tx: &mut TenantTx<'_, Contact>, email: &str, locale: Locale) -> CoreResult<()> {
    let contact = tx.actor;
    let data = mail_data(contact.tenant_name(), contact.display_name(), contact.zone(), None);
    let mail = AccountMail {
        kind: MailKind::PortalPasswordChanged,
        recipient: email,
        locale,
        data: &data,
        link: None,
        needs_review: false,
    };
    Ok(tx.insert_account_mail(contact.tenant(), &mail).await?)
}

/// Sets a new password, notifies the account's address and ends its access; the caller creates a new session.
///
/// # Errors
/// Field `current` for a wrong current password, field `password` for an invalid new one.
pub async fn change_password(
    core: &Core,
    contact: &Contact,
    locale: Locale,
    current: &SecretString,
    new: &SecretString,
) -> CoreResult<SignedIn> {
    let email = check_password(core, contact, current).await?;
    let hash = core.passwords.hash(new, &email).await?;
    let mut tx = core.store.begin(contact).await?;
    let ended = tx.set_own_password(&hash).await?;
    notify_new_password(&mut tx, &email, locale).await?;
    tx.revoke_own_links().await?;
    tx.audit("portal.password_changed", contact.id(), json!({}));
    finish(core, tx).await?;
    Ok(sign_in::readmit(contact, ended.epoch))
}

/// Sends a confirmation link to a new address; the change takes effect when the link is opened. If another account has the
/// address, the result is the same, but no mail is sent.
///
/// # Errors
/// Field `current` or `email`.
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
        return Err(CoreError::field("email", FieldCode::Unchanged));
    }
    let mut tx = core.store.begin(contact).await?;
    if !tx.is_email_taken(&email).await? {
        let mail = LinkMail {
            kind: MailKind::PortalEmail,
            purpose: LinkPurpose::Email,
            account: contact.id(),
            name: contact.display_name(),
            recipient: &email,
            new_email: Some(&email),
            locale,
            tenant_name: contact.tenant_name(),
            zone: contact.zone(),
            needs_review: false,
        };
        links::send(core, &mut tx, contact.tenant(), &mail).await?;
    }
    tx.audit("portal.email_change_asked", contact.id(), json!({}));
    finish(core, tx).await?;
    Ok(())
}

/// Sends a sign-in link to the account's own address; opening it stands for the password that the account does not have.
pub async fn request_link(core: &Core, contact: &Contact) -> CoreResult<()> {
    // Rejects a read-only session.
    let email = core.store.begin(contact).await?.own_account().await?.email;
    links::request_link(core, &email, LinkPurpose::SignIn, Network::UNKNOWN).await
}

/// Signs out everywhere: ends all access of the account, including the current session.
pub async fn revoke_all_sessions(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    let ended = tx.end_own_access().await?;
    tx.revoke_own_links().await?;
    tx.audit(
        "portal.signed_out_everywhere",
        contact.id(),
        json!({ "sessions": ended.sessions }),
    );
    finish(core, tx).await
}
