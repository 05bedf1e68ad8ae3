//! A second step when signing in, for whoever wants one: a code from an app (RFC 6238), or, on the day on which the phone
//! is lost, one of ten recovery codes. A code works once. Who holds neither is let in again by the staff.

use chrono::TimeDelta;
use domain::ids::PortalUserId;
use domain::intake::mails::MailKind;
use domain::locale::Locale;
use domain::permissions::ManagePortalAccess;
use domain::problems::Problem;
use domain::second_factor::{RECOVERY_CODES, TypedCode, recovery_code, shown};
use secrecy::SecretString;
use serde_json::{Value, json};
use totp_rs::{Builder, Totp};
use uuid::Uuid;

use crate::commit::finish;
use crate::db::{SystemTx, TenantTx};
use crate::identity::actors::{Actor as _, Contact, Permit, TenantId};
use crate::identity::shown_once;
use crate::identity::sign_in;
use crate::identity::sign_in::SignedIn;
use crate::portal_access::links::mail_data;
use crate::portal_access::profile::check_password;
use crate::portal_access::{AccountMail, WritesLinks as _};
use crate::secrets::{Place, SecretError, fingerprint};
use crate::{Core, CoreError, CoreResult};

/// The length of a secret, in bytes (RFC 4226, R6).
const SECRET_BYTES: usize = 20;

/// Where an account's second step stands.
#[derive(Debug, Clone)]
pub enum SecondFactor {
    /// It is off.
    Off,
    /// A secret was shown and is to be confirmed with a first code.
    Pending {
        /// What a camera reads.
        address: String,
        /// The same, to be typed.
        secret: String,
    },
    /// It is on.
    On {
        /// How many recovery codes are left.
        codes: i64,
    },
}

pub(crate) fn place<'a>(tenant: Uuid, account: Uuid) -> Place<'a> {
    Place {
        tenant,
        kind: "portal_account.second_factor",
        row: account,
    }
}

fn own_place<'a>(contact: &Contact) -> Place<'a> {
    place(contact.tenant().uuid(), contact.id().uuid())
}

fn broken(error: SecretError) -> CoreError {
    CoreError::new(Problem::InternalError, error.to_string())
}

fn wrong_code() -> CoreError {
    CoreError::field("code", "wrong_code", "This code is wrong, or was used already.")
}

/// Six digits of SHA-1 every thirty seconds: what every app can.
fn clock_of(secret: &[u8], account: &str, issuer: &str) -> CoreResult<Totp> {
    // A colon divides the two in the address.
    let plain = |text: &str| text.replace(':', " ");
    Builder::new()
        .with_secret(secret)
        .with_account_name(plain(account))
        .with_issuer(Some(plain(issuer)))
        .build()
        .map_err(|error| CoreError::new(Problem::InternalError, error.to_string()))
}

/// The step for which a code is right, at most one before or after this one.
fn step_of(core: &Core, secret: &[u8], code: &str) -> CoreResult<Option<i64>> {
    let now = u64::try_from(core.clock.now().timestamp()).unwrap_or_default();
    let step = clock_of(secret, "-", "-")?.check(code, now);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

pub(crate) fn state(
    core: &Core,
    contact: &Contact,
    own: crate::identity::store::two_factor::OwnFactor,
    email: &str,
) -> CoreResult<SecondFactor> {
    if own.is_on {
        return Ok(SecondFactor::On { codes: own.codes });
    }
    // Who looks through somebody's eyes does not get their key.
    let Some(pending) = own.pending.filter(|_| !contact.is_looked_at()) else {
        return Ok(SecondFactor::Off);
    };
    let secret = core.keyring.open_value(&pending, &own_place(contact)).map_err(broken)?;
    let clock = clock_of(&secret, email, contact.tenant_name())?;
    let address = clock
        .to_url()
        .map_err(|error| CoreError::new(Problem::InternalError, error.to_string()))?;
    Ok(SecondFactor::Pending {
        address,
        secret: clock.secret().to_base32(),
    })
}

/// Makes a secret for the own app to be confirmed with [`turn_on`]; until then nothing changes.
///
/// # Errors
/// Field `current` for a wrong password; `illegal_transition` if it is on.
pub async fn begin(core: &Core, contact: &Contact, current: &SecretString) -> CoreResult<()> {
    check_password(core, contact, current).await?;
    let secret = core.randomness.bytes::<SECRET_BYTES>();
    let closed = core
        .keyring
        .close(&secret, &own_place(contact), &core.randomness)
        .map_err(broken)?;
    let mut tx = core.store.begin(contact).await?;
    if !tx.set_pending_factor(Some(&closed)).await? {
        return Err(already_on());
    }
    finish(core, tx).await
}

fn already_on() -> CoreError {
    CoreError::new(Problem::IllegalTransition, "A second step is asked for already.")
}

fn off() -> CoreError {
    CoreError::new(Problem::IllegalTransition, "No second step is asked for.")
}

/// Forgets a secret that was shown and not confirmed.
///
/// # Errors
/// The database does not answer.
pub async fn cancel(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_pending_factor(None).await?;
    finish(core, tx).await
}

/// Turns the second step on with a first code from the app. The answer is the recovery codes, sealed for the one page that
/// shows them.
///
/// # Errors
/// Field `code`; `illegal_transition` if there is nothing to confirm.
pub async fn turn_on(core: &Core, contact: &Contact, locale: Locale, code: &str) -> CoreResult<String> {
    let mut tx = core.store.begin(contact).await?;
    let own = tx.own_factor().await?;
    if own.is_on {
        return Err(already_on());
    }
    let pending = own.pending.ok_or_else(off)?;
    let secret = core.keyring.open_value(&pending, &own_place(contact)).map_err(broken)?;
    // What is guessed here is the code of a secret that stands on the same page.
    let Some(TypedCode::App(code)) = TypedCode::read(code) else {
        return Err(wrong_code());
    };
    let step = step_of(core, &secret, &code)?.ok_or_else(wrong_code)?;
    if !tx.turn_factor_on(&pending, step).await? {
        return Err(off());
    }
    let (codes, hashes) = fresh_codes(core, contact.id());
    tx.set_recovery_codes(&hashes).await?;
    tell(&mut tx, contact, MailKind::PortalSecondStepOn, locale).await?;
    tx.audit("portal.second_step_on", contact.id(), json!({}));
    let sealed = shown_once::seal(core, contact, &codes)?;
    finish(core, tx).await?;
    Ok(sealed)
}

/// Tells the own address what has changed, in case it was somebody else.
/// Tells the account's address what has changed about signing in.
pub(crate) async fn tell(
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

/// New recovery codes in place of the ones before, sealed as for [`turn_on`].
///
/// # Errors
/// Field `code`; `illegal_transition` if the second step is off; `rate_limited`.
pub async fn renew_codes(core: &Core, contact: &Contact, code: &str) -> CoreResult<String> {
    prove(core, contact, code).await?;
    let (codes, hashes) = fresh_codes(core, contact.id());
    let mut tx = core.store.begin(contact).await?;
    tx.set_recovery_codes(&hashes).await?;
    tx.audit("portal.recovery_codes_renewed", contact.id(), json!({}));
    let sealed = shown_once::seal(core, contact, &codes)?;
    finish(core, tx).await?;
    Ok(sealed)
}

/// Turns the second step off; only who could sign in can.
///
/// # Errors
/// As [`renew_codes`].
pub async fn turn_off(core: &Core, contact: &Contact, locale: Locale, code: &str) -> CoreResult<()> {
    prove(core, contact, code).await?;
    let mut tx = core.store.begin(contact).await?;
    if !tx.turn_factor_off().await? {
        return Err(off());
    }
    tell(&mut tx, contact, MailKind::PortalSecondStepOff, locale).await?;
    tx.audit("portal.second_step_off", contact.id(), json!({}));
    finish(core, tx).await
}

/// Removes the second step of somebody who has lost both app and codes; they are told by mail.
///
/// # Errors
/// `not_found` for an account that has none.
pub async fn remove(core: &Core, by: Permit<'_, ManagePortalAccess>, id: PortalUserId) -> CoreResult<()> {
    let staff = by.staff();
    let mut tx = core.store.begin(staff).await?;
    let account = tx.portal_account(id).await?.ok_or_else(CoreError::not_found)?;
    if !tx.remove_factor(id).await? {
        return Err(CoreError::not_found());
    }
    let data = mail_data(staff.tenant_name(), &account.display_name, staff.zone(), None);
    let mail = AccountMail {
        kind: MailKind::PortalSecondStepOff,
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

/// Ends signing in with a code: `waiting` is what [`sign_in::Admission::NeedsCode`] carries.
///
/// # Errors
/// Field `code`; `rate_limited`, with the seconds in the detail; `missing_credentials` if the account changed meanwhile.
pub async fn complete(core: &Core, waiting: &Value, code: &str) -> CoreResult<SignedIn> {
    let over = || CoreError::new(Problem::MissingCredentials, "Sign in first.");
    let part = |index: usize| {
        let text = waiting.get(index)?.as_str()?;
        Uuid::parse_str(text).ok()
    };
    let (Some(tenant), Some(account)) = (part(0), part(1)) else {
        return Err(over());
    };
    let (tenant, account) = (TenantId::from_uuid(tenant), PortalUserId::from_uuid(account));
    let code = TypedCode::read(code);
    let attempts = count(core, account, code.as_ref()).await?;
    let mut tx = core.store.begin_system().await?;
    let found = tx.waiting_account(tenant, account).await?.ok_or_else(over)?;
    if sign_in::waiting(tenant.uuid(), account.uuid(), &found.password_hash) != *waiting {
        return Err(over());
    }
    if let Some(secret) = &found.secret {
        check(core, &mut tx, tenant, account, secret, code, &attempts).await?;
    }
    let signed_in = sign_in::enter_portal(&mut tx, tenant, account, &found.tenant_name).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Whoever is signed in shows that they could sign in again.
async fn prove(core: &Core, contact: &Contact, code: &str) -> CoreResult<()> {
    let (tenant, account) = (contact.tenant(), contact.id());
    // Whoever only looks is refused before an attempt is counted.
    drop(core.store.begin(contact).await?);
    let code = TypedCode::read(code);
    let attempts = count(core, account, code.as_ref()).await?;
    let mut tx = core.store.begin_system().await?;
    let found = tx.waiting_account(tenant, account).await?;
    let secret = found.and_then(|found| found.secret).ok_or_else(off)?;
    check(core, &mut tx, tenant, account, &secret, code, &attempts).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts an attempt before it is made; the answer is what forgets the attempts after a success. The two kinds of codes are
/// counted apart: whoever guesses at six digits cannot keep the holder of a recovery code out.
async fn count(core: &Core, account: PortalUserId, code: Option<&TypedCode>) -> CoreResult<Vec<u8>> {
    let kind = match code {
        Some(TypedCode::Recovery(_)) => "recovery code",
        _ => "second factor",
    };
    let key = fingerprint(format!("attempt\n{kind}\n{account}").as_bytes());
    let mut tx = core.store.begin_system().await?;
    let attempt = sign_in::count_attempt(core, &mut tx, &key).await?;
    tx.lock_attempts(&key, core.clock.now() + lock_after(attempt)).await?;
    tx.commit().await?;
    Ok(key)
}

/// How long no code is taken after so many: 2 s, 4 s, 8 s, up to an hour. At one guess an hour six digits last a lifetime.
fn lock_after(attempts: i64) -> TimeDelta {
    let seconds = 1_i64 << attempts.clamp(1, 12);
    TimeDelta::seconds(seconds.min(3600))
}

/// Uses a code up that was counted before, and forgets the attempts.
async fn check(
    core: &Core,
    tx: &mut SystemTx<'_>,
    tenant: TenantId,
    account: PortalUserId,
    secret: &[u8],
    code: Option<TypedCode>,
    attempts: &[u8],
) -> CoreResult<()> {
    let label = format!("portal:{account}");
    let is_right = match code {
        Some(TypedCode::App(code)) => {
            let secret = core
                .keyring
                .open_value(secret, &place(tenant.uuid(), account.uuid()))
                .map_err(broken)?;
            match step_of(core, &secret, &code)? {
                Some(step) => tx.use_factor_step(tenant, account, step).await?,
                None => false,
            }
        }
        Some(TypedCode::Recovery(code)) => {
            let is_right = tx
                .use_recovery_code(tenant, account, &code_hash(account, &code))
                .await?;
            if is_right {
                tx.audit(tenant, &label, "portal.recovery_code_used", &label).await?;
            }
            is_right
        }
        None => false,
    };
    if !is_right {
        return Err(wrong_code());
    }
    tx.clear_throttle(attempts).await?;
    Ok(())
}

fn code_hash(account: PortalUserId, code: &str) -> Vec<u8> {
    fingerprint(format!("recovery code\n{account}\n{code}").as_bytes())
}

/// Recovery codes as they are shown, one a line, and their hashes.
fn fresh_codes(core: &Core, account: PortalUserId) -> (SecretString, Vec<Vec<u8>>) {
    let codes: Vec<String> = (0..RECOVERY_CODES)
        .map(|_| recovery_code(core.randomness.bytes()))
        .collect();
    let hashes = codes.iter().map(|code| code_hash(account, code)).collect();
    let lines: Vec<String> = codes.iter().map(|code| shown(code)).collect();
    (lines.join("\n").into(), hashes)
}

/// Opens the recovery codes that [`turn_on`] sealed, for the same person only.
pub fn unseal(core: &Core, contact: &Contact, sealed: &str) -> Option<Vec<String>> {
    let text = shown_once::unseal(core, contact, sealed)?;
    Some(text.lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::demo_systems;
    use crate::identity::sessions;
    use crate::identity::sessions::{Door, SessionId};
    use crate::identity::{administration, authentication};
    use crate::secrets::Keyring;

    #[test]
    fn locks_grow_to_an_hour_and_stay_there() {
        let seconds: Vec<i64> = [1, 2, 3, 11, 12, 500]
            .map(|attempts| lock_after(attempts).num_seconds())
            .to_vec();
        assert_eq!(seconds, [2, 4, 8, 2048, 3600, 3600]);
    }

    #[tokio::test]
    async fn a_new_master_key_closes_the_secrets_anew() {
        for (core, book) in demo_systems().await {
            let account = &book.tenants[0].portal[0];
            let signed_in = sign_in::sign_in(
                &core,
                Door::Portal,
                &account.email,
                account.password.clone().into(),
                "test",
            )
            .await
            .expect("signs in");
            let sign_in::Admission::Granted(admitted) = &signed_in[0].admission else {
                panic!("nobody in the demo gives codes");
            };
            let session = SessionId(i128::from_be_bytes(core.randomness.bytes()));
            let until = core.clock.now() + authentication::IDLE;
            sessions::create(&core, Door::Portal, session, json!({ "account": admitted }), until)
                .await
                .expect("a session");
            let contact = authentication::contact(&core, session)
                .await
                .expect("answers")
                .expect("a contact");
            begin(&core, &contact, &account.password.clone().into())
                .await
                .expect("begins");
            let stored = async || {
                let mut tx = core.store.read(&contact).await.expect("reads");
                tx.own_factor().await.expect("reads").pending.expect("a secret")
            };
            let before = stored().await;
            let plain = core.keyring.open_value(&before, &own_place(&contact)).expect("opens");
            let path = std::env::temp_dir().join(format!("ordinavo-key-{}", contact.id()));
            core.keyring.write(&path).expect("writes");
            administration::rotate_master_key(&core, &path).await.expect("rotates");
            let ring = Keyring::open(&path).expect("opens");
            std::fs::remove_file(&path).expect("removes");
            let after = stored().await;
            assert!(
                ring.open_value(&before, &own_place(&contact)).is_err(),
                "the old key is gone"
            );
            assert_eq!(ring.open_value(&after, &own_place(&contact)).expect("opens"), plain);
            // What belongs to one account does not open for another.
            let elsewhere = place(contact.tenant().uuid(), Uuid::nil());
            assert!(ring.open_value(&after, &elsewhere).is_err());
        }
    }
}
