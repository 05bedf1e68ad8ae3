//! Links in mails: each works once and ends by itself. Whether an address has an account nobody learns from asking for one:
//! the wish is written down for every address alike, and the worker finds out.

use chrono::{DateTime, Utc};
use domain::ids::{PortalUserId, StaffId};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::portal_access::LinkPurpose;
use domain::problems::Problem;
use domain::text;
use secrecy::SecretString;
use uuid::Uuid;

use crate::identity::actors::TenantId;
use crate::identity::sign_in;
use crate::identity::sign_in::{Admission, SignedIn};
use crate::intake::{close_token, fresh_token};
use crate::portal_access::store::links::{AccountMail, LinkIdentity, NewLink, WritesLinks};
use crate::secrets::{Place, fingerprint};
use crate::{Core, CoreError, CoreResult};

/// What the encrypted token is bound to.
const LINK_PLACE: &str = "portal_link.token";
/// How many wishes one turn of the worker fulfils.
const BATCH: i64 = 16;

/// A mail with a link.
pub(crate) struct Letter<'a> {
    pub kind: MailKind,
    pub purpose: LinkPurpose,
    pub account: PortalUserId,
    pub name: &'a str,
    pub recipient: &'a str,
    /// The address that the link confirms.
    pub new_email: Option<&'a str>,
    pub locale: Locale,
    pub tenant_name: &'a str,
    pub zone: &'a str,
}

fn place<'a>(tenant: Uuid, link: Uuid) -> Place<'a> {
    Place {
        tenant,
        kind: LINK_PLACE,
        row: link,
    }
}

/// Encrypts the tokens that may still be sent under the newest key.
pub(crate) async fn encrypt_anew(
    tx: &mut crate::db::SystemTx<'_>,
    ring: &crate::secrets::Keyring,
    core: &Core,
) -> CoreResult<()> {
    let broken = |error: crate::secrets::SecretError| CoreError::new(Problem::InternalError, error.to_string());
    for (tenant, id, closed) in tx.link_tokens().await? {
        let place = place(tenant, id);
        let plain = ring.open_value(&closed, &place).map_err(broken)?;
        let closed = ring.close(&plain, &place, &core.randomness).map_err(broken)?;
        tx.set_link_token(tenant, id, &closed).await?;
    }
    for (tenant, id, closed) in tx.feed_tokens().await? {
        let place = crate::portal_access::calendar::place(tenant, id);
        let plain = ring.open_value(&closed, &place).map_err(broken)?;
        let closed = ring.close(&plain, &place, &core.randomness).map_err(broken)?;
        tx.set_feed_token(tenant, id, &closed).await?;
    }
    for (tenant, id, secret, pending) in tx.factor_secrets().await? {
        let place = crate::identity::two_factor::place(tenant, id);
        let anew = |closed: Option<Vec<u8>>| {
            closed
                .map(|closed| {
                    let plain = ring.open_value(&closed, &place)?;
                    ring.close(&plain, &place, &core.randomness)
                })
                .transpose()
                .map_err(broken)
        };
        let (secret, pending) = (anew(secret)?, anew(pending)?);
        tx.set_factor_secrets(tenant, id, secret.as_deref(), pending.as_deref())
            .await?;
    }
    Ok(())
}

/// Opens the token of a link for the mail that carries it.
pub(crate) fn open(core: &Core, tenant: Uuid, link: Uuid, closed: &[u8]) -> CoreResult<String> {
    let broken = |error: crate::secrets::SecretError| CoreError::new(Problem::InternalError, error.to_string());
    let bytes = core.keyring.open_value(closed, &place(tenant, link)).map_err(broken)?;
    String::from_utf8(bytes).map_err(|_| CoreError::not_found())
}

/// The address of a link.
pub(crate) fn address(core: &Core, token: &str) -> String {
    format!("{}/portal/link/{token}", core.settings.portal_url)
}

/// Makes a link and writes the mail that carries it; the answer is its address.
pub(crate) async fn send<T: WritesLinks>(
    core: &Core,
    tx: &mut T,
    tenant: TenantId,
    letter: &Letter<'_>,
) -> CoreResult<SecretString> {
    let now = core.clock.now();
    let id = core.randomness.uuid_v7(now);
    let token = fresh_token(core);
    let closed = close_token(core, &place(tenant.uuid(), id), &token)?;
    let expires_at = now + letter.purpose.lasts();
    tx.insert_link(
        tenant,
        &NewLink {
            id,
            account: letter.account,
            purpose: letter.purpose,
            token: &closed,
            email: letter.new_email,
            made_by: None,
            expires_at,
        },
    )
    .await?;
    let data = mail_data(letter.tenant_name, letter.name, letter.zone, Some(expires_at));
    tx.insert_account_mail(
        tenant,
        &AccountMail {
            kind: letter.kind,
            recipient: letter.recipient,
            locale: letter.locale,
            data: &data,
            link: Some(id),
        },
    )
    .await?;
    Ok(address(core, &token).into())
}

pub(crate) fn mail_data(tenant: &str, name: &str, zone: &str, until: Option<DateTime<Utc>>) -> MailData {
    MailData {
        tenant: tenant.to_owned(),
        name: Some(name.to_owned()),
        number: None,
        service_type: None,
        service: None,
        text: None,
        windows: Vec::new(),
        until,
        zone: Some(zone.to_owned()),
    }
}

/// Somebody typed an address and wants a link. The answer is the same whoever it is; asking again within a short while
/// changes nothing.
///
/// # Errors
/// Field `email` for what is no address; the database does not answer.
pub async fn wish(core: &Core, email: &str, purpose: LinkPurpose) -> CoreResult<()> {
    let email = text::email(email)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text("email", error, 254)]))?;
    if !matches!(purpose, LinkPurpose::SignIn | LinkPurpose::Password) {
        return Err(CoreError::not_found());
    }
    let key = fingerprint(format!("link\n{}\n{email}", purpose.name()).as_bytes());
    let mut tx = core.store.begin_system().await?;
    // One a minute for an address, so that nobody's mailbox is flooded.
    if tx.count_attempt(&key).await?.is_some() {
        let next = core.clock.now() + chrono::TimeDelta::minutes(1);
        tx.lock_attempts(&key, next).await?;
        tx.wish_for_link(&email, purpose).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Makes the links that were wished for; the answer is how many wishes there were. The worker calls this.
///
/// # Errors
/// The database does not answer.
pub async fn fulfil(core: &Core) -> CoreResult<usize> {
    let mut tx = core.store.read_system().await?;
    let wishes = tx.link_wishes(BATCH).await?;
    drop(tx);
    let count = wishes.len();
    for (id, email, purpose) in wishes {
        let mut tx = core.store.begin_system().await?;
        if !tx.fulfil_link_wish(id).await? {
            continue;
        }
        let purpose = LinkPurpose::from_name(&purpose).unwrap_or(LinkPurpose::SignIn);
        for account in tx.accounts_for_link(&email).await? {
            let tag = account.locale.as_deref().unwrap_or(&account.tenant_locale);
            let letter = Letter {
                kind: match purpose {
                    LinkPurpose::Password => MailKind::PortalPassword,
                    _ => MailKind::PortalSignIn,
                },
                purpose,
                account: account.account_id.0,
                name: &account.display_name,
                recipient: &email,
                new_email: None,
                locale: Locale::from_tag(tag).unwrap_or_default(),
                tenant_name: &account.tenant_name,
                zone: &account.zone,
            };
            let tenant = TenantId::from_uuid(account.tenant_id);
            send(core, &mut tx, tenant, &letter).await?;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// What the page of a link says.
#[derive(Debug, Clone)]
pub struct LinkPage {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose portal.
    pub tenant_name: String,
    /// Whose account.
    pub display_name: String,
    /// The address to sign in with; for a change of address the new one.
    pub email: String,
}

async fn identity(core: &Core, token: &str) -> CoreResult<LinkIdentity> {
    // A text of any other length was not made here.
    if token.len() != 27 {
        return Err(CoreError::not_found());
    }
    let mut tx = core.store.read_system().await?;
    tx.open_link(&fingerprint(token.as_bytes()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// What a link is about. Looking does not use it up, because mail programs look too.
///
/// # Errors
/// `not_found` for one that was never made, was used, or has ended.
pub async fn find(core: &Core, token: &str) -> CoreResult<LinkPage> {
    let found = identity(core, token).await?;
    Ok(LinkPage {
        purpose: found.purpose,
        tenant_name: found.tenant_name,
        display_name: found.display_name,
        email: found.email.unwrap_or(found.account_email),
    })
}

async fn of_purpose(core: &Core, token: &str, purpose: LinkPurpose) -> CoreResult<LinkIdentity> {
    let found = identity(core, token).await?;
    if found.purpose == purpose {
        Ok(found)
    } else {
        Err(CoreError::not_found())
    }
}

/// Accepts an invitation, with a password of one's own or without one: then one signs in by mailed links.
///
/// # Errors
/// `not_found` as for [`find`]; field `password`.
pub async fn accept_invitation(core: &Core, token: &str, password: Option<&SecretString>) -> CoreResult<SignedIn> {
    let found = of_purpose(core, token, LinkPurpose::Invitation).await?;
    // Only who holds a link makes the server hash.
    let hash = match password {
        Some(password) => Some(core.passwords.hash(password, &found.account_email).await?),
        None => None,
    };
    let mut tx = core.store.begin_system().await?;
    if !tx.use_link(&found).await? || !tx.activate_account(&found).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    if let Some(hash) = hash {
        tx.set_portal_password(tenant, found.account_id.0, &hash).await?;
    }
    let signed_in = sign_in::enter_portal(&mut tx, tenant, found.account_id.0, &found.tenant_name).await?;
    let label = format!("portal:{}", found.account_id.0);
    tx.audit(tenant, &label, "portal.invitation_accepted", &label).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Signs in with a mailed link.
///
/// # Errors
/// `not_found` as for [`find`].
pub async fn sign_in(core: &Core, token: &str) -> CoreResult<SignedIn> {
    let found = of_purpose(core, token, LinkPurpose::SignIn).await?;
    let mut tx = core.store.begin_system().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let signed_in = enter(&mut tx, &found, &found.password_hash).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Who has a link has shown one thing; whoever wants to be asked for a code as well is asked for it.
async fn enter(tx: &mut crate::db::SystemTx<'_>, found: &LinkIdentity, password_hash: &str) -> CoreResult<SignedIn> {
    let account = found.account_id.0;
    if found.has_second_factor {
        return Ok(SignedIn {
            admission: Admission::NeedsCode(sign_in::waiting(found.tenant_id, account.uuid(), password_hash)),
            tenant_name: found.tenant_name.clone(),
            home: "/portal",
        });
    }
    sign_in::enter_portal(tx, TenantId::from_uuid(found.tenant_id), account, &found.tenant_name).await
}

/// Makes a link with which a member of the staff looks at the portal as an account sees it; the answer is its path.
pub(crate) async fn for_look<T: WritesLinks>(
    core: &Core,
    tx: &mut T,
    tenant: TenantId,
    account: PortalUserId,
    staff: StaffId,
) -> CoreResult<String> {
    let now = core.clock.now();
    let id = core.randomness.uuid_v7(now);
    let token = fresh_token(core);
    let closed = close_token(core, &place(tenant.uuid(), id), &token)?;
    tx.insert_link(
        tenant,
        &NewLink {
            id,
            account,
            purpose: LinkPurpose::Look,
            token: &closed,
            email: None,
            made_by: Some(staff.uuid()),
            expires_at: now + LinkPurpose::Look.lasts(),
        },
    )
    .await?;
    Ok(format!("/portal/link/{token}"))
}

/// Begins to look: the account for the session, and what marks the session as a look.
///
/// # Errors
/// `not_found` as for [`find`].
pub async fn look(core: &Core, token: &str) -> CoreResult<(serde_json::Value, serde_json::Value)> {
    let found = of_purpose(core, token, LinkPurpose::Look).await?;
    let staff = found.made_by.ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin_system().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    let staff = StaffId::from_uuid(staff);
    let subject = found.account_id.0.to_string();
    tx.audit(tenant, &format!("staff:{staff}"), "portal.looked_at", &subject)
        .await?;
    tx.commit().await?;
    let account = serde_json::json!([found.tenant_id.to_string(), found.account_id.0.uuid().to_string()]);
    Ok((account, serde_json::json!(staff.uuid().to_string())))
}

/// Sets a new password with a mailed link. Every session and every other link of the account ends.
///
/// # Errors
/// `not_found` as for [`find`]; field `password`.
pub async fn set_password(core: &Core, token: &str, password: &SecretString) -> CoreResult<SignedIn> {
    let found = of_purpose(core, token, LinkPurpose::Password).await?;
    let hash = core.passwords.hash(password, &found.account_email).await?;
    let mut tx = core.store.begin_system().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    let account = found.account_id.0;
    tx.end_every_link(&found).await?;
    tx.set_portal_password(tenant, account, &hash).await?;
    tell(&mut tx, &found, MailKind::PortalPasswordChanged, &found.account_email).await?;
    let label = format!("portal:{account}");
    tx.audit(tenant, &label, "portal.password_changed", &label).await?;
    let signed_in = enter(&mut tx, &found, &hash).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Tells the address that the account had when the link was made what has changed; `email` is the account's address now.
async fn tell(tx: &mut crate::db::SystemTx<'_>, found: &LinkIdentity, kind: MailKind, email: &str) -> CoreResult<()> {
    let accounts = tx.accounts_for_link(email).await?;
    let own = accounts
        .iter()
        .find(|account| account.tenant_id == found.tenant_id && account.account_id.0 == found.account_id.0);
    let tag = own.map_or("en", |account| {
        account.locale.as_deref().unwrap_or(&account.tenant_locale)
    });
    let zone = own.map_or("UTC", |account| account.zone.as_str());
    let mail = AccountMail {
        kind,
        recipient: &found.account_email,
        locale: Locale::from_tag(tag).unwrap_or_default(),
        data: &mail_data(&found.tenant_name, &found.display_name, zone, None),
        link: None,
    };
    Ok(tx
        .insert_account_mail(TenantId::from_uuid(found.tenant_id), &mail)
        .await?)
}

/// Confirms a new address; the address before is told, and sessions end because they were opened under it.
///
/// # Errors
/// `not_found` as for [`find`], also if somebody else has the address by now.
pub async fn confirm_email(core: &Core, token: &str) -> CoreResult<()> {
    let found = of_purpose(core, token, LinkPurpose::Email).await?;
    let new = found.email.clone().ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin_system().await?;
    if !tx.use_link(&found).await? || !tx.set_account_email(&found, &new).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    tx.end_every_link(&found).await?;
    tx.end_portal_sessions(tenant, found.account_id.0).await?;
    tell(&mut tx, &found, MailKind::PortalEmailChanged, &new).await?;
    let label = format!("portal:{}", found.account_id.0);
    tx.audit(tenant, &label, "portal.email_changed", &label).await?;
    Ok(tx.commit().await?)
}
