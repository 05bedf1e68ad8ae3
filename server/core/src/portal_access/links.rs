//! Single-use, expiring links in mails. Requesting a link does not reveal whether the address has an account: the request is
//! stored for every address, and the worker looks the account up later.

use chrono::{DateTime, Utc};
use domain::ids::{PortalUserId, StaffId};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::network::Network;
use domain::portal_access::{INVITATION_LIFETIME, LinkPurpose};
use domain::text;
use secrecy::SecretString;
use uuid::Uuid;

use crate::addresses;
use crate::db::SystemTx;
use crate::db::purpose::{LinkRequests, SignIn};
use crate::identity::access::end_access;
use crate::identity::account::AccountKey;
use crate::identity::actors::{Actor as _, Staff, TenantId};
use crate::identity::admission::{Admission, Home, SignedIn, ViewAs};
use crate::identity::link_requests;
use crate::identity::{Realm, authentication, sign_in};
use crate::intake::{generate_token, seal_token};
use crate::portal_access::store::links::{AccountMail, LinkIdentity, LinkWriter, NewLink};
use crate::secrets::{AssociatedData, sha256};
use crate::{Core, CoreError, CoreResult};

/// The column in the associated data of sealed tokens.
const TOKEN_COLUMN: &str = "portal_link.token";
/// The length of a token: 160 bits in base64 without padding.
const TOKEN_CHARS: usize = 27;
/// The number of link requests that the worker processes at once.
const BATCH_SIZE: i64 = 16;

/// A mail with a link.
pub(crate) struct LinkMail<'a> {
    pub kind: MailKind,
    pub purpose: LinkPurpose,
    pub account: PortalUserId,
    pub name: &'a str,
    pub recipient: &'a str,
    /// The new address that the link confirms.
    pub new_email: Option<&'a str>,
    pub locale: Locale,
    pub tenant_name: &'a str,
    pub zone: &'a str,
    /// Whether an administrator decides before it is sent.
    pub needs_review: bool,
}

pub(super) fn token_context<'a>(tenant: Uuid, link: Uuid) -> AssociatedData<'a> {
    AssociatedData {
        tenant,
        kind: TOKEN_COLUMN,
        row: link,
    }
}

/// Unseals the token of a link, for the mail that contains it.
pub(crate) fn unseal_token(core: &Core, tenant: Uuid, link: Uuid, sealed: &[u8]) -> CoreResult<String> {
    let internal = |error: crate::secrets::SecretError| CoreError::internal(error);
    let bytes = core
        .keyring
        .unseal(sealed, &token_context(tenant, link))
        .map_err(internal)?;
    String::from_utf8(bytes).map_err(|_| CoreError::not_found())
}

/// Creates a link, enqueues the mail that contains it and returns its URL.
pub(crate) async fn send<T: LinkWriter>(
    core: &Core,
    tx: &mut T,
    tenant: TenantId,
    mail: &LinkMail<'_>,
) -> CoreResult<SecretString> {
    let now = core.clock.now();
    let id = core.randomness.uuid_v7(now);
    let token = generate_token(core);
    let sealed = seal_token(core, &token_context(tenant.uuid(), id), &token)?;
    let expires_at = now + mail.purpose.lifetime();
    tx.insert_link(
        tenant,
        &NewLink {
            id,
            account: mail.account,
            purpose: mail.purpose,
            token: &sealed,
            email: mail.new_email,
            created_by: None,
            expires_at,
        },
    )
    .await?;
    let data = mail_data(mail.tenant_name, mail.name, mail.zone, Some(expires_at));
    tx.insert_account_mail(
        tenant,
        &AccountMail {
            kind: mail.kind,
            recipient: mail.recipient,
            locale: mail.locale,
            data: &data,
            link: Some(id),
            needs_review: mail.needs_review,
        },
    )
    .await?;
    Ok(addresses::account_link(&core.settings, &token).into())
}

pub(crate) fn mail_data(tenant: &str, name: &str, zone: &str, until: Option<DateTime<Utc>>) -> MailData {
    MailData {
        tenant: tenant.to_owned(),
        name: Some(name.to_owned()),
        number: None,
        service_type: None,
        service: None,
        page: None,
        contact: domain::branding::OrganisationContact::default(),
        colour: None,
        text: None,
        windows: Vec::new(),
        until,
        zone: Some(zone.to_owned()),
    }
}

/// Requests a link by email. The result is the same whether or not the address has an account; further requests within
/// the interval have no effect.
///
/// # Errors
/// Field `email` for an invalid address; `rate_limited` for a network that requests many links. [`Network::UNKNOWN`] stands
/// for a person who has a session.
pub async fn request_link(core: &Core, email: &str, purpose: LinkPurpose, network: Network) -> CoreResult<()> {
    let email = text::email(email)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text("email", error, 254)]))?;
    if !matches!(purpose, LinkPurpose::SignIn | LinkPurpose::Password) {
        return Err(CoreError::not_found());
    }
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if link_requests::admit(core, &mut tx, purpose.name(), &email, network).await? {
        tx.insert_link_request(&email, purpose).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Sends the requested links and returns the number of requests. The worker calls this.
pub async fn send_requested_links(core: &Core) -> CoreResult<usize> {
    let mut tx = core.store.read_system().await?;
    let requests = tx.pending_link_requests(BATCH_SIZE).await?;
    drop(tx);
    let count = requests.len();
    for (id, email, purpose) in requests {
        let mut tx = core.store.begin_system::<LinkRequests>().await?;
        if !tx.claim_link_request(id).await? {
            continue;
        }
        let purpose = LinkPurpose::from_name(&purpose).unwrap_or(LinkPurpose::SignIn);
        for account in tx.accounts_for_link(&email).await? {
            let tag = account.locale.as_deref().unwrap_or(&account.tenant_locale);
            let (owner, until) = (
                TenantId::from_uuid(account.tenant_id),
                core.clock.now() + INVITATION_LIFETIME,
            );
            tx.renew_offers(owner, account.account_id.0.uuid(), until).await?;
            // An invited person who asks for a link gets the invitation again, at the invited address.
            let purpose = if account.is_active {
                purpose
            } else {
                LinkPurpose::Invitation
            };
            let mail = LinkMail {
                kind: match purpose {
                    LinkPurpose::Password => MailKind::PortalPassword,
                    LinkPurpose::Invitation => MailKind::PortalInvitation,
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
                needs_review: false,
            };
            let tenant = TenantId::from_uuid(account.tenant_id);
            send(core, &mut tx, tenant, &mail).await?;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// The contents of a link's page.
#[derive(Debug, Clone)]
pub struct LinkPage {
    pub purpose: LinkPurpose,
    pub tenant_name: String,
    pub display_name: String,
    /// The account's address; for a change of address, the new one.
    pub email: String,
}

async fn find_link(core: &Core, token: &str) -> CoreResult<LinkIdentity> {
    if token.len() != TOKEN_CHARS {
        return Err(CoreError::not_found());
    }
    let mut tx = core.store.read_system().await?;
    tx.open_link(&sha256(token.as_bytes()))
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the contents of a link's page without using the link, because mail programs prefetch links.
///
/// # Errors
/// `not_found` for an unknown, used or expired link.
pub async fn find(core: &Core, token: &str) -> CoreResult<LinkPage> {
    let found = find_link(core, token).await?;
    Ok(LinkPage {
        purpose: found.purpose,
        tenant_name: found.tenant_name,
        display_name: found.display_name,
        email: found.email.unwrap_or(found.account_email),
    })
}

async fn find_for_purpose(core: &Core, token: &str, purpose: LinkPurpose) -> CoreResult<LinkIdentity> {
    let found = find_link(core, token).await?;
    if found.purpose == purpose {
        Ok(found)
    } else {
        Err(CoreError::not_found())
    }
}

/// Accepts an invitation, with or without a password. Accounts without one sign in with mailed links.
///
/// # Errors
/// `not_found` as for [`find`]; field `password`.
pub async fn accept_invitation(core: &Core, token: &str, password: Option<&SecretString>) -> CoreResult<SignedIn> {
    let found = find_for_purpose(core, token, LinkPurpose::Invitation).await?;
    // Hashing is expensive, so it requires a valid link.
    let hash = match password {
        Some(password) => Some(core.passwords.hash(password, &found.account_email).await?),
        None => None,
    };
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.use_link(&found).await? || !tx.activate_account(&found).await? {
        return Err(CoreError::not_found());
    }
    let (tenant, account) = (TenantId::from_uuid(found.tenant_id), found.account_id.0);
    let epoch = match hash {
        Some(hash) => tx.set_portal_password(tenant, account, &hash).await?.epoch,
        None => found.epoch,
    };
    let signed_in = verified(&found, epoch).complete(&mut tx).await?;
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
    let found = find_for_purpose(core, token, LinkPurpose::SignIn).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let signed_in = sign_in_or_ask_code(&mut tx, &found, found.epoch).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Completes a sign-in by link, or asks for a code if two-factor authentication is on.
async fn sign_in_or_ask_code(tx: &mut SystemTx<'_, SignIn>, found: &LinkIdentity, epoch: i64) -> CoreResult<SignedIn> {
    let verified = verified(found, epoch);
    if found.has_second_factor {
        return Ok(verified.ask_code());
    }
    verified.complete(tx).await
}

/// The holder of a link, in the epoch that its use leaves.
fn verified(found: &LinkIdentity, epoch: i64) -> sign_in::Verified<'_> {
    sign_in::Verified {
        account: AccountKey::portal(TenantId::from_uuid(found.tenant_id), found.account_id.0),
        epoch,
        tenant_name: &found.tenant_name,
        home: Home::Portal,
        must_set_up: false,
    }
}

/// Creates a link for a view-as session of a staff member and returns its path.
pub(crate) async fn create_view_as_link<T: LinkWriter>(
    core: &Core,
    tx: &mut T,
    staff: &Staff,
    account: PortalUserId,
) -> CoreResult<String> {
    let (tenant, now) = (staff.tenant(), core.clock.now());
    let id = core.randomness.uuid_v7(now);
    let token = generate_token(core);
    let sealed = seal_token(core, &token_context(tenant.uuid(), id), &token)?;
    tx.insert_link(
        tenant,
        &NewLink {
            id,
            account,
            purpose: LinkPurpose::ViewAs,
            token: &sealed,
            email: None,
            created_by: Some((staff.id().uuid(), staff.session_hash())),
            expires_at: now + LinkPurpose::ViewAs.lifetime(),
        },
    )
    .await?;
    Ok(addresses::account_link_path(&token))
}

/// Admits a staff member who opened a view-as link to the portal as the link's account.
///
/// # Errors
/// `not_found` as for [`find`].
pub async fn open_view_as_link(core: &Core, token: &str) -> CoreResult<Admission> {
    let found = find_for_purpose(core, token, LinkPurpose::ViewAs).await?;
    let (staff, session) = found
        .created_by
        .zip(found.staff_session.as_deref())
        .ok_or_else(CoreError::not_found)?;
    let staff = StaffId::from_uuid(staff);
    let by = ViewAs::new(staff, session);
    if !authentication::is_staff_session_open(core, &by).await? {
        return Err(CoreError::not_found());
    }
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    let subject = found.account_id.0.to_string();
    tx.audit(tenant, &format!("staff:{staff}"), "portal.looked_at", &subject)
        .await?;
    tx.commit().await?;
    Ok(Admission::view_as(tenant, found.account_id.0, found.epoch, by))
}

/// Sets a new password with a mailed link, and ends all other access of the account.
///
/// # Errors
/// `not_found` as for [`find`]; field `password`.
pub async fn set_password(core: &Core, token: &str, password: &SecretString) -> CoreResult<SignedIn> {
    let found = find_for_purpose(core, token, LinkPurpose::Password).await?;
    let hash = core.passwords.hash(password, &found.account_email).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.use_link(&found).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    let account = found.account_id.0;
    tx.revoke_all_links(&found).await?;
    let ended = tx.set_portal_password(tenant, account, &hash).await?;
    notify_previous_address(&mut tx, &found, MailKind::PortalPasswordChanged, &found.account_email).await?;
    let label = format!("portal:{account}");
    tx.audit(tenant, &label, "portal.password_changed", &label).await?;
    let signed_in = sign_in_or_ask_code(&mut tx, &found, ended.epoch).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Notifies the address that the account had before the link was used; `email` is its current address.
async fn notify_previous_address(
    tx: &mut SystemTx<'_, SignIn>,
    found: &LinkIdentity,
    kind: MailKind,
    email: &str,
) -> CoreResult<()> {
    let accounts = tx.accounts_for_link(email).await?;
    let account = accounts
        .iter()
        .find(|account| account.tenant_id == found.tenant_id && account.account_id.0 == found.account_id.0);
    let tag = account.map_or("en", |account| {
        account.locale.as_deref().unwrap_or(&account.tenant_locale)
    });
    let zone = account.map_or("UTC", |account| account.zone.as_str());
    let mail = AccountMail {
        kind,
        recipient: &found.account_email,
        locale: Locale::from_tag(tag).unwrap_or_default(),
        data: &mail_data(&found.tenant_name, &found.display_name, zone, None),
        link: None,
        needs_review: false,
    };
    Ok(tx
        .insert_account_mail(TenantId::from_uuid(found.tenant_id), &mail)
        .await?)
}

/// Confirms a new address, notifies the previous one and ends the access of the account.
///
/// # Errors
/// `not_found` as for [`find`], and if another account has the address.
pub async fn confirm_email(core: &Core, token: &str) -> CoreResult<()> {
    let found = find_for_purpose(core, token, LinkPurpose::Email).await?;
    let new = found.email.clone().ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if !tx.use_link(&found).await? || !tx.set_account_email(&found, &new).await? {
        return Err(CoreError::not_found());
    }
    let tenant = TenantId::from_uuid(found.tenant_id);
    tx.revoke_all_links(&found).await?;
    end_access(&mut tx.tx, Realm::Portal, tenant, found.account_id.0.uuid()).await?;
    notify_previous_address(&mut tx, &found, MailKind::PortalEmailChanged, &new).await?;
    let label = format!("portal:{}", found.account_id.0);
    tx.audit(tenant, &label, "portal.email_changed", &label).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::link_requests::link_interval;

    #[test]
    fn earlier_link_is_valid_until_the_next_one_is_sent() {
        for purpose in [LinkPurpose::SignIn, LinkPurpose::Password] {
            assert!(purpose.keeps_earlier_links() && purpose.lifetime() > link_interval(999));
        }
    }
}
