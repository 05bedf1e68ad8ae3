//! Passkeys (Web Authentication, level 2) in every realm. The device or the password manager verifies its owner before it
//! signs, so a passkey stands for the password and for the two-factor code.
//!
//! Nothing is stored for a challenge: the page carries it sealed, so that visitors without an account cannot fill the
//! database. A challenge signs in once, because a passkey rejects challenges that are older than its last use.

pub mod removal;
mod sign_in;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use domain::fields::{FieldCode, FieldError};
use domain::identity::passkeys::{MAX_NAME_CHARS, MAX_PASSKEYS};
use domain::ids::PasskeyId;
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::problems::Cause;
use domain::text;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;
use webauthn_rs::prelude::{Passkey, PasskeyRegistration, RegisterPublicKeyCredential, Webauthn, WebauthnBuilder};
use webauthn_rs_proto::options::ResidentKeyRequirement;

pub(crate) use self::sign_in::sign_in;
pub use self::sign_in::sign_in_challenge;
use crate::addresses;
use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::identity::account::{AccountHolder, AccountKey, begin_own, check_password};
pub use crate::identity::model::PasskeySummary;
use crate::identity::store::passkeys::NewPasskey;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::AssociatedData;
use crate::{Core, CoreError, CoreResult};

/// How long a challenge can be signed.
const CHALLENGE_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// A challenge for the browser.
#[derive(Debug, Clone)]
pub struct Challenge {
    /// The name of a new passkey; empty at sign-in.
    pub name: String,
    /// The options of `navigator.credentials`, as JSON.
    pub options: String,
    /// The sealed challenge, which the form sends back.
    pub state: String,
}

/// A new passkey that the browser has not created yet.
#[derive(Serialize, Deserialize)]
struct Setup {
    until: DateTime<Utc>,
    name: String,
    options: Value,
    registration: PasskeyRegistration,
}

fn rejected() -> CoreError {
    CoreError::new(Cause::PasskeyRejected)
}

/// Returns the relying party of this installation; `None` if browsers offer no passkeys at its address, such as at an IP
/// address.
fn relying_party(core: &Core) -> Option<Webauthn> {
    let origin = Url::parse(core.public_url()).ok()?;
    let domain = origin.domain()?;
    WebauthnBuilder::new(domain, &origin)
        .and_then(|builder| builder.rp_name(domain).timeout(challenge_timeout()).build())
        .inspect_err(|error| tracing::warn!(%error, "passkeys are not available"))
        .ok()
}

fn challenge_timeout() -> std::time::Duration {
    CHALLENGE_LIFETIME.to_std().unwrap_or_default()
}

fn require_relying_party(core: &Core) -> CoreResult<Webauthn> {
    relying_party(core).ok_or_else(rejected)
}

/// Returns whether passkeys can be used at the address of this installation.
pub fn are_available(core: &Core) -> bool {
    relying_party(core).is_some()
}

fn seal(core: &Core, context: &AssociatedData<'_>, state: &impl Serialize) -> CoreResult<String> {
    let text = serde_json::to_vec(state).map_err(CoreError::internal)?;
    let sealed = core
        .keyring
        .seal(&text, context, &core.randomness)
        .map_err(CoreError::internal)?;
    Ok(STANDARD.encode(sealed))
}

fn open<T: DeserializeOwned>(core: &Core, context: &AssociatedData<'_>, sealed: &str) -> Option<T> {
    let sealed = STANDARD.decode(sealed).ok()?;
    let text = core.keyring.unseal(&sealed, context).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Returns the associated data that binds a setup to the account.
fn setup_context<'a>(account: AccountKey) -> AssociatedData<'a> {
    AssociatedData {
        tenant: account.tenant.uuid(),
        kind: match account.realm {
            Realm::Staff => "staff_passkey.setup",
            Realm::Portal => "portal_passkey.setup",
            Realm::Partner => "partner_passkey.setup",
        },
        row: account.id,
    }
}

/// Lists the passkeys of the own account, the newest first.
///
/// # Errors
/// The database is not available.
pub async fn list(core: &Core, holder: &impl AccountHolder) -> CoreResult<Vec<PasskeySummary>> {
    let mut tx = core.store.read_system().await?;
    Ok(tx.own_passkeys(holder.account()).await?)
}

/// Starts to add a passkey: verifies the current password and returns the sealed setup for [`pending_setup`] and [`add`].
///
/// # Errors
/// Fields `name` and `current`; `passkey_rejected` if there are no passkeys at the address of this installation.
pub async fn start_setup(
    core: &Core,
    holder: &impl AccountHolder,
    name: &str,
    current: &SecretString,
) -> CoreResult<String> {
    let name = text::line(name, MAX_NAME_CHARS)
        .map_err(|error| CoreError::invalid(vec![FieldError::text("name", error, MAX_NAME_CHARS)]))?;
    let account = holder.account();
    // Rejects a read-only session before an attempt is counted.
    drop(begin_own(core, holder).await?);
    let email = check_password(core, holder, current).await?;
    let existing = core.store.read_system().await?.credential_ids(account).await?;
    if existing.len() >= MAX_PASSKEYS {
        return Err(CoreError::field("name", FieldCode::TooMany { max: MAX_PASSKEYS }));
    }
    let [_, display_name, _] = holder.names();
    let (mut challenge, registration) = require_relying_party(core)?
        .start_passkey_registration(account.id, &email, display_name, Some(existing))
        .map_err(CoreError::internal)?;
    // Sign-in does not ask for the email first, so the device has to find the passkey by itself.
    if let Some(selection) = &mut challenge.public_key.authenticator_selection {
        selection.resident_key = Some(ResidentKeyRequirement::Required);
        selection.require_resident_key = true;
    }
    let setup = Setup {
        until: core.clock.now() + CHALLENGE_LIFETIME,
        name,
        options: serde_json::to_value(&challenge.public_key).map_err(CoreError::internal)?,
        registration,
    };
    seal(core, &setup_context(account), &setup)
}

/// Returns the challenge of a setup of the same account, for the page after [`start_setup`].
pub fn pending_setup(core: &Core, holder: &impl AccountHolder, sealed: &str) -> Option<Challenge> {
    let setup: Setup = open(core, &setup_context(holder.account()), sealed)?;
    Some(Challenge {
        name: setup.name,
        options: setup.options.to_string(),
        state: sealed.to_owned(),
    })
}

/// Adds the passkey that the browser has created, and tells the account's address.
///
/// # Errors
/// `passkey_rejected` if the setup has expired or the passkey does not answer it; field `name` if there are too many.
pub async fn add(
    core: &Core,
    holder: &impl AccountHolder,
    locale: Locale,
    sealed: &str,
    credential: &str,
) -> CoreResult<()> {
    let account = holder.account();
    let setup: Setup = open(core, &setup_context(account), sealed).ok_or_else(rejected)?;
    if setup.until < core.clock.now() {
        return Err(rejected());
    }
    let response: RegisterPublicKeyCredential = serde_json::from_str(credential).map_err(|_| rejected())?;
    let passkey = require_relying_party(core)?
        .finish_passkey_registration(&response, &setup.registration)
        .map_err(|error| {
            tracing::info!(%error, "passkey was not accepted");
            rejected()
        })?;
    let mut tx = begin_own(core, holder).await?;
    if tx.credential_ids(account).await?.len() >= MAX_PASSKEYS {
        return Err(CoreError::field("name", FieldCode::TooMany { max: MAX_PASSKEYS }));
    }
    let new = NewPasskey {
        id: PasskeyId::from_uuid(core.randomness.uuid_v7(core.clock.now())),
        credential_id: passkey.cred_id().as_ref(),
        credential: serialize(&passkey)?,
        name: &setup.name,
    };
    if !tx.insert_passkey(account, &new).await? {
        return Err(rejected());
    }
    tell_owner(&mut tx, account, true, holder.names(), locale).await?;
    record(&mut tx, account, true, new.id).await?;
    Ok(tx.commit().await?)
}

fn serialize(passkey: &Passkey) -> CoreResult<Value> {
    serde_json::to_value(passkey).map_err(CoreError::internal)
}

/// Tells the owner of the account that a passkey was added or removed.
async fn tell_owner(
    tx: &mut SystemTx<'_, SignIn>,
    account: AccountKey,
    is_added: bool,
    [organization, name, zone]: [&str; 3],
    locale: Locale,
) -> CoreResult<()> {
    let (email, _) = tx.account_credentials(account).await?;
    let is_portal = account.realm == Realm::Portal;
    let data = MailData {
        page: (!is_portal).then(|| addresses::sign_in_path(account.realm).to_owned()),
        ..mail_data(organization, name, zone, None)
    };
    let mail = AccountMail {
        kind: match (is_portal, is_added) {
            (true, true) => MailKind::PortalPasskeyAdded,
            (true, false) => MailKind::PortalPasskeyRemoved,
            (false, true) => MailKind::AccountPasskeyAdded,
            (false, false) => MailKind::AccountPasskeyRemoved,
        },
        recipient: &email,
        locale,
        data: &data,
        link: None,
        needs_review: false,
    };
    Ok(tx.insert_account_mail(account.tenant, &mail).await?)
}

async fn record(
    tx: &mut SystemTx<'_, SignIn>,
    account: AccountKey,
    is_added: bool,
    passkey: PasskeyId,
) -> CoreResult<()> {
    let action = match (account.realm, is_added) {
        (Realm::Staff, true) => "staff.passkey_added",
        (Realm::Staff, false) => "staff.passkey_removed",
        (Realm::Portal, true) => "portal.passkey_added",
        (Realm::Portal, false) => "portal.passkey_removed",
        (Realm::Partner, true) => "partner.passkey_added",
        (Realm::Partner, false) => "partner.passkey_removed",
    };
    Ok(tx
        .audit(account.tenant, &account.label(), action, &passkey.to_string())
        .await?)
}

/// Removes a passkey of the own account, and tells the account's address.
///
/// # Errors
/// `not_found`.
pub async fn remove(core: &Core, holder: &impl AccountHolder, locale: Locale, id: PasskeyId) -> CoreResult<()> {
    let account = holder.account();
    let mut tx = begin_own(core, holder).await?;
    if !tx.delete_passkey(account, id).await? {
        return Err(CoreError::not_found());
    }
    tell_owner(&mut tx, account, false, holder.names(), locale).await?;
    record(&mut tx, account, false, id).await?;
    Ok(tx.commit().await?)
}
