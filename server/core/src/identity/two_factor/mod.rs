//! Optional two-factor authentication of portal users: a code from an authenticator app (RFC 6238) or a recovery code. Each
//! code works once. Staff can turn it off for users who have lost both.

mod verification;

pub(crate) use self::verification::complete;
use self::verification::{code_hash, matching_step, verify_own_code};
use domain::fields::FieldCode;
use domain::identity::permissions::ManagePortalAccess;
use domain::identity::two_factor::{RECOVERY_CODE_COUNT, TypedCode, format_recovery_code, recovery_code};
use domain::ids::PortalUserId;
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::problems::Cause;
use secrecy::SecretString;
use serde_json::json;
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::actors::{Actor as _, Contact, Permit};
use crate::identity::shown_once;
use crate::portal_access::links::mail_data;
use crate::portal_access::profile::check_password;
use crate::portal_access::{AccountMail, LinkWriter as _};
use crate::secrets::{AssociatedData, SecretError};
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
    },
}

pub(crate) fn secret_context<'a>(tenant: Uuid, account: Uuid) -> AssociatedData<'a> {
    AssociatedData {
        tenant,
        kind: "portal_account.second_factor",
        row: account,
    }
}

fn context_of<'a>(contact: &Contact) -> AssociatedData<'a> {
    secret_context(contact.tenant().uuid(), contact.id().uuid())
}

fn internal(error: SecretError) -> CoreError {
    CoreError::internal(error)
}

fn wrong_code() -> CoreError {
    CoreError::field("code", FieldCode::WrongCode)
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

pub(crate) fn status(
    core: &Core,
    contact: &Contact,
    factor: crate::identity::store::two_factor::TwoFactorRow,
    email: &str,
) -> CoreResult<TwoFactorStatus> {
    if factor.is_on {
        return Ok(TwoFactorStatus::On { codes: factor.codes });
    }
    // A view-as session must not reveal the user's secret.
    let Some(pending) = factor.pending.filter(|_| !contact.is_impersonated()) else {
        return Ok(TwoFactorStatus::Off);
    };
    let secret = core.keyring.unseal(&pending, &context_of(contact)).map_err(internal)?;
    let totp = totp(&secret, email, contact.tenant_name())?;
    let address = totp.to_url().map_err(CoreError::internal)?;
    Ok(TwoFactorStatus::Pending {
        address,
        secret: totp.secret().to_base32(),
    })
}

/// Creates a secret for an authenticator app. Sign-in does not change until [`turn_on`] confirms it.
///
/// # Errors
/// Field `current` for a wrong password; `illegal_transition` if two-factor authentication is on.
pub async fn start_setup(core: &Core, contact: &Contact, current: &SecretString) -> CoreResult<()> {
    check_password(core, contact, current).await?;
    let secret = core.randomness.bytes::<SECRET_BYTES>();
    let sealed = core
        .keyring
        .seal(&secret, &context_of(contact), &core.randomness)
        .map_err(internal)?;
    let mut tx = core.store.begin(contact).await?;
    if !tx.set_pending_factor(Some(&sealed)).await? {
        return Err(already_on());
    }
    finish(core, tx).await
}

fn already_on() -> CoreError {
    CoreError::new(Cause::TwoFactorAlreadyOn)
}

fn not_on() -> CoreError {
    CoreError::new(Cause::TwoFactorOff)
}

/// Discards a secret that was not confirmed.
pub async fn cancel_setup(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_pending_factor(None).await?;
    finish(core, tx).await
}

/// Turns two-factor authentication on with a code from the app and returns the sealed recovery codes.
///
/// # Errors
/// Field `code`; `illegal_transition` if there is no secret to confirm.
pub async fn turn_on(core: &Core, contact: &Contact, locale: Locale, code: &str) -> CoreResult<String> {
    let mut tx = core.store.begin(contact).await?;
    let factor = tx.own_factor().await?;
    if factor.is_on {
        return Err(already_on());
    }
    let pending = factor.pending.ok_or_else(not_on)?;
    let secret = core.keyring.unseal(&pending, &context_of(contact)).map_err(internal)?;
    // Attempts are not counted: the user sees the secret on the same page.
    let Some(TypedCode::App(code)) = TypedCode::read(code) else {
        return Err(wrong_code());
    };
    let step = matching_step(core, &secret, &code)?.ok_or_else(wrong_code)?;
    if !tx.turn_factor_on(&pending, step).await? {
        return Err(not_on());
    }
    let (codes, hashes) = generate_codes(core, contact.id());
    tx.set_recovery_codes(&hashes).await?;
    notify_account(&mut tx, contact, MailKind::PortalTwoFactorEnabled, locale).await?;
    tx.audit("portal.second_step_on", contact.id(), json!({}));
    let sealed = shown_once::seal(core, contact, &codes)?;
    finish(core, tx).await?;
    Ok(sealed)
}

/// Notifies the account's address about a change to its sign-in settings, in case someone else made it.
pub(crate) async fn notify_account(
    tx: &mut TenantTx<'_, Contact>,
    contact: &Contact,
    kind: MailKind,
    locale: Locale,
) -> CoreResult<()> {
    let email = tx.own_account().await?.email;
    let data = mail_data(contact.tenant_name(), contact.display_name(), contact.zone(), None);
    let mail = AccountMail {
        kind,
        recipient: &email,
        locale,
        data: &data,
        link: None,
    };
    Ok(tx.insert_account_mail(contact.tenant(), &mail).await?)
}

/// Replaces the recovery codes and returns them sealed, as [`turn_on`] does.
///
/// # Errors
/// Field `code`; `illegal_transition` if two-factor authentication is off; `rate_limited`.
pub async fn renew_codes(core: &Core, contact: &Contact, code: &str) -> CoreResult<String> {
    verify_own_code(core, contact, code).await?;
    let (codes, hashes) = generate_codes(core, contact.id());
    let mut tx = core.store.begin(contact).await?;
    tx.set_recovery_codes(&hashes).await?;
    tx.audit("portal.recovery_codes_renewed", contact.id(), json!({}));
    let sealed = shown_once::seal(core, contact, &codes)?;
    finish(core, tx).await?;
    Ok(sealed)
}

/// Turns two-factor authentication off; requires a valid code.
///
/// # Errors
/// As [`renew_codes`].
pub async fn turn_off(core: &Core, contact: &Contact, locale: Locale, code: &str) -> CoreResult<()> {
    verify_own_code(core, contact, code).await?;
    let mut tx = core.store.begin(contact).await?;
    if !tx.turn_factor_off().await? {
        return Err(not_on());
    }
    notify_account(&mut tx, contact, MailKind::PortalTwoFactorDisabled, locale).await?;
    tx.audit("portal.second_step_off", contact.id(), json!({}));
    finish(core, tx).await
}

/// Turns two-factor authentication off for a user who has lost app and recovery codes, and notifies them by mail.
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
    };
    tx.insert_account_mail(staff.tenant(), &mail).await?;
    tx.audit("portal.second_step_removed", id, json!({}));
    finish(core, tx).await
}

/// Generates recovery codes: one per line as shown to the user, and their hashes.
fn generate_codes(core: &Core, account: PortalUserId) -> (SecretString, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..RECOVERY_CODE_COUNT)
        .map(|_| recovery_code(core.randomness.bytes()))
        .collect();
    let hashes = codes.iter().map(|code| code_hash(account, code)).collect();
    let lines: Vec<String> = codes.iter().map(|code| format_recovery_code(code)).collect();
    (lines.join("\n").into(), hashes)
}

/// Unseals the recovery codes from [`turn_on`], for the same person only.
pub fn unseal(core: &Core, contact: &Contact, sealed: &str) -> Option<Vec<String>> {
    let text = shown_once::unseal(core, contact, sealed)?;
    Some(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::demo_systems;
    use crate::identity::sessions::Realm;
    use crate::identity::{administration, authentication};
    use crate::secrets::Keyring;

    #[tokio::test]
    async fn rotate_master_key_reseals_pending_secret() {
        for (core, book) in demo_systems().await {
            let account = &book.tenants[0].portal[0];
            let session = crate::identity::demo::sign_in(&core, Realm::Portal, &account.email, &account.password).await;
            let contact = authentication::contact(&core, session)
                .await
                .expect("session is read")
                .expect("session belongs to a portal user");
            start_setup(&core, &contact, &account.password.clone().into())
                .await
                .expect("setup starts");
            let stored = async || {
                let mut tx = core.store.read(&contact).await.expect("transaction begins");
                let factor = tx.own_factor().await.expect("factor is read");
                factor.pending.expect("secret is pending")
            };
            let before = stored().await;
            let plaintext = core
                .keyring
                .unseal(&before, &context_of(&contact))
                .expect("secret is unsealed");
            let path = std::env::temp_dir().join(format!("ordinavo-key-{}", contact.id()));
            core.keyring.write(&path).expect("key file is written");
            administration::rotate_master_key(&core, &path)
                .await
                .expect("key is rotated");
            let ring = Keyring::open(&path).expect("key file is read");
            std::fs::remove_file(&path).expect("key file is removed");
            let after = stored().await;
            assert!(
                ring.unseal(&before, &context_of(&contact)).is_err(),
                "the old key was removed"
            );
            assert_eq!(
                ring.unseal(&after, &context_of(&contact)).expect("secret is unsealed"),
                plaintext
            );
            let other_account = secret_context(contact.tenant().uuid(), Uuid::nil());
            assert!(ring.unseal(&after, &other_account).is_err());
        }
    }
}
