//! Forgotten passwords of staff and partners: an emailed link sets a new one. Requesting a link does not reveal whether the
//! address has an account: the request is stored for every address, and the worker looks the account up later.

use chrono::{DateTime, TimeDelta, Utc};
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::network::Network;
use domain::text;
use secrecy::SecretString;
use uuid::Uuid;

use crate::addresses;
use crate::db::SystemTx;
use crate::db::purpose::{LinkRequests, SignIn};
use crate::identity::account::AccountKey;
use crate::identity::actors::TenantId;
use crate::identity::admission::SignedIn;
use crate::identity::link_requests;
use crate::identity::sign_in;
use crate::identity::store::password_links::{AccountLinkPurpose, LinkRecipient, NewPasswordLink, PasswordLinkRow};
use crate::identity::store::sessions::Realm;
use crate::intake::generate_token;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::AssociatedData;
use crate::{Core, CoreError, CoreResult};

/// How long a link is valid.
pub const LINK_LIFETIME: TimeDelta = TimeDelta::hours(1);
/// The purpose of the key that hashes the tokens.
const HASH_PURPOSE: &str = "password-link";
/// The length of a token: 160 bits in base64 without padding.
const TOKEN_CHARS: usize = 27;
/// The number of requests that the worker processes at once.
const BATCH_SIZE: i64 = 16;

/// The contents of a link's page.
#[derive(Debug, Clone)]
pub struct PasswordLink {
    pub tenant_name: String,
    pub email: String,
    /// False for an invited account, which gets its first password.
    pub has_password: bool,
}

fn token_context<'a>(tenant: Uuid, link: Uuid) -> AssociatedData<'a> {
    AssociatedData {
        tenant,
        kind: "password_link.token",
        row: link,
    }
}

/// Unseals the token of a link, for the email that contains it.
pub(crate) fn unseal_token(core: &Core, tenant: Uuid, link: Uuid, sealed: &[u8]) -> CoreResult<String> {
    let bytes = core
        .keyring
        .unseal(sealed, &token_context(tenant, link))
        .map_err(CoreError::internal)?;
    String::from_utf8(bytes).map_err(CoreError::internal)
}

/// Requests a link. The result is the same whether or not the address has an account; further requests within the interval have
/// no effect.
///
/// # Errors
/// Field `email` for an invalid address; `not_found` for the portal, whose links are in `portal_access`; `rate_limited` for a
/// network that requests many links.
pub async fn request(core: &Core, realm: Realm, email: &str, network: Network) -> CoreResult<()> {
    let email = text::email(email)
        .map_err(|error| CoreError::invalid(vec![domain::fields::FieldError::text("email", error, 254)]))?;
    if realm == Realm::Portal {
        return Err(CoreError::not_found());
    }
    let kind = format!("password of {realm:?}");
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if link_requests::admit(core, &mut tx, &kind, &email, network).await? {
        tx.insert_password_link_request(realm, &email).await?;
    }
    Ok(tx.commit().await?)
}

/// Sends the requested links and returns the number of requests. The worker calls this.
///
/// # Errors
/// The links cannot be stored.
pub async fn send_requested(core: &Core) -> CoreResult<usize> {
    let requests = core
        .store
        .read_system()
        .await?
        .password_link_requests(BATCH_SIZE)
        .await?;
    let count = requests.len();
    for (id, realm, email) in requests {
        let mut tx = core.store.begin_system::<LinkRequests>().await?;
        if !tx.claim_password_link_request(id).await? {
            continue;
        }
        let realm = match realm.as_str() {
            "partner" => Realm::Partner,
            _ => Realm::Staff,
        };
        for account in tx.password_link_recipients(realm, &email).await? {
            send(core, &mut tx, realm, &account, &email).await?;
        }
        tx.commit().await?;
    }
    Ok(count)
}

/// A link that is not stored yet.
pub(crate) struct GeneratedLink {
    pub id: Uuid,
    pub token: String,
    token_hash: Vec<u8>,
    sealed: Vec<u8>,
    pub expires_at: DateTime<Utc>,
}

impl GeneratedLink {
    pub(crate) fn new(core: &Core, tenant: Uuid, lifetime: TimeDelta) -> CoreResult<Self> {
        let now = core.clock.now();
        let (id, token) = (core.randomness.uuid_v7(now), generate_token(core));
        let sealed = core
            .keyring
            .seal(token.as_bytes(), &token_context(tenant, id), &core.randomness)
            .map_err(CoreError::internal)?;
        Ok(Self {
            id,
            token_hash: core.keyring.mac(HASH_PURPOSE, token.as_bytes()).to_vec(),
            token,
            sealed,
            expires_at: now + lifetime,
        })
    }

    /// Returns the row of the link for an account in an epoch.
    pub(crate) fn row(&self, account: Uuid, epoch: i64) -> NewPasswordLink<'_> {
        NewPasswordLink {
            id: self.id,
            account,
            epoch,
            token_hash: &self.token_hash,
            token: &self.sealed,
            expires_at: self.expires_at,
            new_email: None,
        }
    }
}

async fn send(
    core: &Core,
    tx: &mut SystemTx<'_, LinkRequests>,
    realm: Realm,
    account: &LinkRecipient,
    email: &str,
) -> CoreResult<()> {
    let tenant = TenantId::from_uuid(account.tenant_id);
    let link = GeneratedLink::new(core, account.tenant_id, LINK_LIFETIME)?;
    let (id, expires_at) = (link.id, link.expires_at);
    tx.insert_password_link(realm, tenant, &link.row(account.id, account.epoch))
        .await?;
    let mail = AccountMail {
        kind: MailKind::AccountPassword,
        recipient: email,
        locale: locale_of(account.locale.as_deref(), &account.tenant_locale),
        data: &mail_data(
            &account.tenant_name,
            &account.display_name,
            &account.zone,
            Some(expires_at),
        ),
        link: Some(id),
        needs_review: false,
    };
    Ok(tx.insert_account_mail(tenant, &mail).await?)
}

/// Returns the language of an account, or else that of its organisation.
pub(in crate::identity) fn locale_of(account: Option<&str>, tenant: &str) -> Locale {
    Locale::from_tag(account.unwrap_or(tenant)).unwrap_or_default()
}

/// Finds an open link by its token.
///
/// # Errors
/// `not_found` for an unknown, used or expired link.
pub(in crate::identity) async fn find_row(
    core: &Core,
    realm: Realm,
    purpose: AccountLinkPurpose,
    token: &str,
) -> CoreResult<PasswordLinkRow> {
    if token.len() != TOKEN_CHARS {
        return Err(CoreError::not_found());
    }
    let hash = core.keyring.mac(HASH_PURPOSE, token.as_bytes());
    let mut tx = core.store.read_system().await?;
    tx.open_password_link(realm, purpose, &hash)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns the contents of a link's page without using the link, because mail programs prefetch links.
///
/// # Errors
/// `not_found` for an unknown, used or expired link.
pub async fn find(core: &Core, realm: Realm, token: &str) -> CoreResult<PasswordLink> {
    let found = find_row(core, realm, AccountLinkPurpose::Password, token).await?;
    Ok(PasswordLink {
        tenant_name: found.tenant_name,
        email: found.email,
        has_password: found.has_password,
    })
}

/// Sets a new password, ends all other access of the account and signs in; two-factor authentication still asks for a code.
///
/// # Errors
/// `not_found` as for [`find`]; field `password`.
pub async fn set_password(core: &Core, realm: Realm, token: &str, password: &SecretString) -> CoreResult<SignedIn> {
    let found = find_row(core, realm, AccountLinkPurpose::Password, token).await?;
    // Hashing is expensive, so it requires a valid link.
    let hash = core.passwords.hash(password, &found.email).await?;
    let tenant = TenantId::from_uuid(found.tenant_id);
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let link = (found.id, found.account_id);
    if !tx.use_password_link(realm, tenant, link).await? {
        return Err(CoreError::not_found());
    }
    let ended = match realm {
        Realm::Partner => tx.set_partner_password(tenant, found.account_id.into(), &hash).await?,
        _ => tx.set_staff_password(tenant, found.account_id.into(), &hash).await?,
    };
    let account = AccountKey {
        realm,
        tenant,
        id: found.account_id,
    };
    let verified = sign_in::Verified {
        account,
        epoch: ended.epoch,
        tenant_name: &found.tenant_name,
        home: found.home(realm),
        must_set_up: found.is_factor_required && !found.has_second_factor,
    };
    let label = account.label();
    if found.has_password {
        tx.audit(tenant, &label, "account.password_changed", &label).await?;
        notify(&mut tx, realm, tenant, &found).await?;
    } else {
        tx.audit(tenant, &label, "account.password_set", &label).await?;
    }
    let signed_in = if found.has_second_factor {
        verified.ask_code()
    } else {
        verified.complete(&mut tx).await?
    };
    tx.commit().await?;
    Ok(signed_in)
}

/// Notifies the account's address, in case someone else has read the email with the link.
async fn notify(
    tx: &mut SystemTx<'_, SignIn>,
    realm: Realm,
    tenant: TenantId,
    found: &PasswordLinkRow,
) -> CoreResult<()> {
    let data = MailData {
        page: Some(addresses::sign_in_path(realm).to_owned()),
        ..mail_data(&found.tenant_name, &found.display_name, &found.zone, None)
    };
    let mail = AccountMail {
        kind: MailKind::AccountPasswordChanged,
        recipient: &found.email,
        locale: locale_of(found.locale.as_deref(), &found.tenant_locale),
        data: &data,
        link: None,
        needs_review: false,
    };
    Ok(tx.insert_account_mail(tenant, &mail).await?)
}
