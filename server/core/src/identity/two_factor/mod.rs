//! Two-factor authentication in every realm: a code from an authenticator app (RFC 6238) or a recovery code. Each code works
//! once. Administrators can require it of roles; operators, and staff for portal users, can turn it off for people who have
//! lost app and recovery codes.

pub mod requirement;
#[cfg(test)]
mod tests;
mod verification;

pub(crate) use self::verification::complete;
use self::verification::{code_hash, matching_step, verify_own_code};
use domain::fields::FieldCode;
use domain::identity::permissions::ManagePortalAccess;
use domain::identity::two_factor::{RECOVERY_CODE_COUNT, TypedCode, format_recovery_code, recovery_code};
use domain::ids::PortalUserId;
use domain::intake::mails::{MailData, MailKind};
use domain::locale::Locale;
use domain::problems::Cause;
use secrecy::SecretString;
use serde_json::json;
use totp_rs::{Builder, Totp};

use crate::addresses;
use crate::commit::finish;
use crate::db::SystemTx;
use crate::db::purpose::{Administration, KeyRotation, SignIn};
use crate::identity::account::{AccountHolder, AccountKey, begin_own, check_password};
use crate::identity::actors::{Permit, TenantId};
use crate::identity::shown_once;
use crate::identity::store::sessions::Realm;
use crate::portal_access::links::mail_data;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::{AssociatedData, Keyring, SecretError};
use crate::{Core, CoreError, CoreResult};

/// The secret length that RFC 4226 recommends (section 4, R6).
const SECRET_BYTES: usize = 20;

/// The state of an account's two-factor authentication.
#[derive(Debug, Clone)]
pub enum TwoFactorStatus {
    Off,
    /// A secret was shown and must be confirmed with a code.
    Pending {
        /// The `otpauth` URL for the QR code.
        address: String,
        /// The secret in base32, for manual entry.
        secret: String,
    },
    On {
        /// The number of unused recovery codes.
        codes: i64,
        /// Whether the role of the account must use it.
        is_required: bool,
    },
}

pub(crate) fn secret_context<'a>(account: AccountKey) -> AssociatedData<'a> {
    AssociatedData {
        tenant: account.tenant.uuid(),
        kind: match account.realm {
            Realm::Staff => "staff_account.second_factor",
            Realm::Portal => "portal_account.second_factor",
            Realm::Partner => "partner_account.second_factor",
        },
        row: account.id,
    }
}

/// A change to the two-factor authentication of an account, as the audit log and emails name it.
#[derive(Clone, Copy)]
enum Change {
    TurnedOn,
    TurnedOff,
    CodesRenewed,
}

impl Change {
    const fn audit_action(self, realm: Realm) -> &'static str {
        match (realm, self) {
            (Realm::Staff, Self::TurnedOn) => "staff.two_factor_on",
            (Realm::Staff, Self::TurnedOff) => "staff.two_factor_off",
            (Realm::Staff, Self::CodesRenewed) => "staff.recovery_codes_renewed",
            (Realm::Portal, Self::TurnedOn) => "portal.second_step_on",
            (Realm::Portal, Self::TurnedOff) => "portal.second_step_off",
            (Realm::Portal, Self::CodesRenewed) => "portal.recovery_codes_renewed",
            (Realm::Partner, Self::TurnedOn) => "partner.two_factor_on",
            (Realm::Partner, Self::TurnedOff) => "partner.two_factor_off",
            (Realm::Partner, Self::CodesRenewed) => "partner.recovery_codes_renewed",
        }
    }
}

fn internal(error: SecretError) -> CoreError {
    CoreError::internal(error)
}

fn wrong_code() -> CoreError {
    CoreError::field("code", FieldCode::WrongCode)
}

fn already_on() -> CoreError {
    CoreError::new(Cause::TwoFactorAlreadyOn)
}

fn not_on() -> CoreError {
    CoreError::new(Cause::TwoFactorOff)
}

/// Returns a generator of six-digit SHA-1 codes with a period of 30 seconds, which every authenticator app supports.
fn totp(secret: &[u8], account: &str, issuer: &str) -> CoreResult<Totp> {
    // A colon separates issuer and account in the URL.
    let without_colon = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_secret(secret)
        .with_account_name(without_colon(account))
        .with_issuer(Some(without_colon(issuer)))
        .build()
        .map_err(CoreError::internal)
}

/// Returns the state of the own account.
///
/// # Errors
/// The secret cannot be read.
pub async fn status(core: &Core, holder: &impl AccountHolder) -> CoreResult<TwoFactorStatus> {
    let account = holder.account();
    let mut tx = core.store.read_system().await?;
    let factor = tx.own_factor(account).await?;
    if factor.is_on {
        return Ok(TwoFactorStatus::On {
            codes: factor.codes,
            is_required: tx.is_factor_required(account).await?,
        });
    }
    // A view-as session must not reveal the user's secret.
    let Some(pending) = factor.pending.filter(|_| holder.may_write()) else {
        return Ok(TwoFactorStatus::Off);
    };
    let secret = core
        .keyring
        .unseal(&pending, &secret_context(account))
        .map_err(internal)?;
    let [organisation, ..] = holder.names();
    let totp = totp(&secret, &factor.email, organisation)?;
    Ok(TwoFactorStatus::Pending {
        address: totp.to_url().map_err(CoreError::internal)?,
        secret: totp.secret().to_base32(),
    })
}

/// Creates a secret for an authenticator app. Sign-in does not change until [`turn_on`] confirms it.
///
/// # Errors
/// Field `current` for a wrong password; `illegal_transition` if two-factor authentication is on.
pub async fn start_setup(core: &Core, holder: &impl AccountHolder, current: &SecretString) -> CoreResult<()> {
    check_password(core, holder, current).await?;
    let account = holder.account();
    let secret = core.randomness.bytes::<SECRET_BYTES>();
    let sealed = core
        .keyring
        .seal(&secret, &secret_context(account), &core.randomness)
        .map_err(internal)?;
    let mut tx = begin_own(core, holder).await?;
    if !tx.set_pending_factor(account, Some(&sealed)).await? {
        return Err(already_on());
    }
    Ok(tx.commit().await?)
}

/// Discards a secret that was not confirmed.
///
/// # Errors
/// For a read-only session.
pub async fn cancel_setup(core: &Core, holder: &impl AccountHolder) -> CoreResult<()> {
    let mut tx = begin_own(core, holder).await?;
    tx.set_pending_factor(holder.account(), None).await?;
    Ok(tx.commit().await?)
}

/// Turns two-factor authentication on with a code from the app and returns the sealed recovery codes.
///
/// # Errors
/// Field `code`; `illegal_transition` if there is no secret to confirm.
pub async fn turn_on(core: &Core, holder: &impl AccountHolder, locale: Locale, code: &str) -> CoreResult<String> {
    let account = holder.account();
    let mut tx = begin_own(core, holder).await?;
    let factor = tx.own_factor(account).await?;
    if factor.is_on {
        return Err(already_on());
    }
    let pending = factor.pending.ok_or_else(not_on)?;
    let secret = core
        .keyring
        .unseal(&pending, &secret_context(account))
        .map_err(internal)?;
    // Attempts are not counted: the user sees the secret on the same page.
    let Some(TypedCode::App(code)) = TypedCode::read(code) else {
        return Err(wrong_code());
    };
    let step = matching_step(core, &secret, &code)?.ok_or_else(wrong_code)?;
    if !tx.turn_factor_on(account, &pending, step).await? {
        return Err(not_on());
    }
    let (codes, hashes) = generate_codes(core, account);
    tx.set_recovery_codes(account, &hashes).await?;
    notify(
        &mut tx,
        account,
        &factor.email,
        holder.names(),
        locale,
        Change::TurnedOn,
    )
    .await?;
    record(&mut tx, account, Change::TurnedOn).await?;
    let sealed = shown_once::seal(core, holder, &codes)?;
    tx.commit().await?;
    Ok(sealed)
}

async fn record(tx: &mut SystemTx<'_, SignIn>, account: AccountKey, change: Change) -> CoreResult<()> {
    let action = change.audit_action(account.realm);
    Ok(tx
        .audit(account.tenant, &account.label(), action, &account.id_text())
        .await?)
}

/// Notifies the account's address about a change to its sign-in settings, in case someone else made it.
async fn notify(
    tx: &mut SystemTx<'_, SignIn>,
    account: AccountKey,
    email: &str,
    [organisation, name, zone]: [&str; 3],
    locale: Locale,
    change: Change,
) -> CoreResult<()> {
    let is_portal = account.realm == Realm::Portal;
    let kind = match (change, is_portal) {
        (Change::TurnedOn, true) => MailKind::PortalTwoFactorEnabled,
        (Change::TurnedOn, false) => MailKind::AccountTwoFactorEnabled,
        (_, true) => MailKind::PortalTwoFactorDisabled,
        (_, false) => MailKind::AccountTwoFactorDisabled,
    };
    let data = MailData {
        page: (!is_portal).then(|| addresses::sign_in_path(account.realm).to_owned()),
        ..mail_data(organisation, name, zone, None)
    };
    let mail = AccountMail {
        kind,
        recipient: email,
        locale,
        data: &data,
        link: None,
        needs_review: false,
    };
    Ok(tx.insert_account_mail(account.tenant, &mail).await?)
}

/// Replaces the recovery codes and returns them sealed, as [`turn_on`] does.
///
/// # Errors
/// Field `code`; `illegal_transition` if two-factor authentication is off; `rate_limited`.
pub async fn renew_codes(core: &Core, holder: &impl AccountHolder, code: &str) -> CoreResult<String> {
    verify_own_code(core, holder, code).await?;
    let account = holder.account();
    let (codes, hashes) = generate_codes(core, account);
    let mut tx = begin_own(core, holder).await?;
    tx.set_recovery_codes(account, &hashes).await?;
    record(&mut tx, account, Change::CodesRenewed).await?;
    let sealed = shown_once::seal(core, holder, &codes)?;
    tx.commit().await?;
    Ok(sealed)
}

/// Turns two-factor authentication off; requires a valid code.
///
/// # Errors
/// As [`renew_codes`]; `illegal_transition` if the role of the account must use it.
pub async fn turn_off(core: &Core, holder: &impl AccountHolder, locale: Locale, code: &str) -> CoreResult<()> {
    let account = holder.account();
    if core.store.read_system().await?.is_factor_required(account).await? {
        return Err(CoreError::new(Cause::TwoFactorRequired));
    }
    verify_own_code(core, holder, code).await?;
    let mut tx = begin_own(core, holder).await?;
    let factor = tx.own_factor(account).await?;
    if !tx.turn_factor_off(account).await? {
        return Err(not_on());
    }
    notify(
        &mut tx,
        account,
        &factor.email,
        holder.names(),
        locale,
        Change::TurnedOff,
    )
    .await?;
    record(&mut tx, account, Change::TurnedOff).await?;
    Ok(tx.commit().await?)
}

/// Turns two-factor authentication off for a portal user who has lost app and recovery codes, and notifies them by mail.
///
/// # Errors
/// `not_found` for an account without two-factor authentication.
pub async fn turn_off_for(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<()> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.remove_factor(id).await? {
        return Err(CoreError::not_found());
    }
    let data = mail_data(staff.tenant_name(), &account.display_name, staff.zone(), None);
    let mail = AccountMail {
        kind: MailKind::PortalTwoFactorDisabled,
        recipient: &account.email,
        locale: account
            .locale
            .as_deref()
            .and_then(Locale::from_tag)
            .or_else(|| staff.locale())
            .unwrap_or_default(),
        data: &data,
        link: None,
        needs_review: false,
    };
    tx.insert_account_mail(tx.tenant_id(), &mail).await?;
    tx.audit("portal.second_step_removed", id, json!({}));
    finish(core, tx).await
}

/// Turns two-factor authentication of an account off on behalf of an operator; false if it was off.
pub(in crate::identity) async fn remove(
    tx: &mut SystemTx<'_, Administration>,
    account: AccountKey,
) -> CoreResult<bool> {
    if !tx.turn_factor_off(account).await? {
        return Ok(false);
    }
    tx.audit(
        account.tenant,
        "operator",
        "account.two_factor_removed",
        &account.id_text(),
    )
    .await?;
    Ok(true)
}

/// Seals the secrets of all accounts again under the newest key.
pub(crate) async fn reseal_secrets(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring, core: &Core) -> CoreResult<()> {
    for realm in Realm::ALL {
        for (tenant, id, secret, pending) in tx.factor_secrets(realm).await? {
            let tenant = TenantId::from_uuid(tenant);
            let account = AccountKey { realm, tenant, id };
            let context = secret_context(account);
            let reseal = |sealed: Option<Vec<u8>>| {
                sealed
                    .map(|sealed| {
                        let plaintext = ring.unseal(&sealed, &context)?;
                        ring.seal(&plaintext, &context, &core.randomness)
                    })
                    .transpose()
                    .map_err(internal)
            };
            let (secret, pending) = (reseal(secret)?, reseal(pending)?);
            tx.set_factor_secrets(account, secret.as_deref(), pending.as_deref())
                .await?;
        }
    }
    Ok(())
}

/// Generates recovery codes: one per line as shown to the user, and their hashes.
fn generate_codes(core: &Core, account: AccountKey) -> (SecretString, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..RECOVERY_CODE_COUNT)
        .map(|_| recovery_code(core.randomness.bytes()))
        .collect();
    let hashes = codes.iter().map(|code| code_hash(account, code)).collect();
    let lines: Vec<String> = codes.iter().map(|code| format_recovery_code(code)).collect();
    (lines.join("\n").into(), hashes)
}

/// Unseals the recovery codes from [`turn_on`], for the same person only.
pub fn unseal(core: &Core, holder: &impl AccountHolder, sealed: &str) -> Option<Vec<String>> {
    let text = shown_once::unseal(core, holder, sealed)?;
    Some(text.lines().map(str::to_owned).collect())
}
