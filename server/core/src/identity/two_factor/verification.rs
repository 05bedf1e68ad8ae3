//! Verification of two-factor codes. Attempts are counted before they are made.

use chrono::TimeDelta;
use domain::identity::roles::Role;
use domain::identity::two_factor::TypedCode;
use domain::problems::Cause;

use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::identity::account::{AccountHolder, AccountKey, begin_own};
use crate::identity::actors::TenantId;
use crate::identity::admission::{Home, PendingCode, SignedIn};
use crate::identity::sign_in;
use crate::identity::store::sessions::Realm;
use crate::identity::two_factor::{internal, not_on, secret_context, totp, wrong_code};
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// Returns the time step that a code is valid for: the current one, the one before or the one after.
pub(super) fn matching_step(core: &Core, secret: &[u8], code: &str) -> CoreResult<Option<i64>> {
    let now = u64::try_from(core.clock.now().timestamp()).unwrap_or_default();
    let step = totp(secret, "-", "-")?.check(code, now);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

/// Completes a sign-in with a code.
///
/// # Errors
/// Field `code`; `rate_limited`, with the seconds in the detail; `missing_credentials` if the account changed in the
/// meantime.
pub(crate) async fn complete(core: &Core, realm: Realm, waiting: &PendingCode, code: &str) -> CoreResult<SignedIn> {
    let expired = || CoreError::new(Cause::SignInRequired);
    let account = AccountKey {
        realm,
        tenant: TenantId::from_uuid(waiting.tenant),
        id: waiting.account,
    };
    let code = TypedCode::read(code);
    let attempts = count(core, account, code.as_ref()).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let found = tx.waiting_account(account).await?.ok_or_else(expired)?;
    if found.epoch != waiting.epoch {
        return Err(expired());
    }
    if let Some(secret) = &found.secret {
        check(core, &mut tx, account, secret, code, &attempts).await?;
    }
    let home = match realm {
        Realm::Staff => Home::Staff(tx.role_of_staff(account).await?.as_deref().and_then(Role::from_name)),
        Realm::Portal => Home::Portal,
        Realm::Partner => Home::Partner,
    };
    let verified = sign_in::Verified {
        account,
        epoch: found.epoch,
        tenant_name: &found.tenant_name,
        home,
        // Turned off in the meantime by an operator: the requirement is still there.
        must_set_up: found.secret.is_none() && tx.is_factor_required(account).await?,
    };
    let signed_in = verified.complete(&mut tx).await?;
    tx.commit().await?;
    Ok(signed_in)
}

/// Verifies a code of the signed-in user.
pub(super) async fn verify_own_code(core: &Core, holder: &impl AccountHolder, code: &str) -> CoreResult<()> {
    let account = holder.account();
    // Rejects a read-only session before an attempt is counted.
    drop(begin_own(core, holder).await?);
    let code = TypedCode::read(code);
    let attempts = count(core, account, code.as_ref()).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let found = tx.waiting_account(account).await?;
    let secret = found.and_then(|found| found.secret).ok_or_else(not_on)?;
    check(core, &mut tx, account, &secret, code, &attempts).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts an attempt before it is made and returns the throttle key, to be cleared after a success. App codes and recovery
/// codes are counted separately, so guessing app codes cannot lock out the holder of a recovery code.
async fn count(core: &Core, account: AccountKey, code: Option<&TypedCode>) -> CoreResult<Vec<u8>> {
    let kind = match code {
        Some(TypedCode::Recovery(_)) => "recovery code",
        _ => "second factor",
    };
    let key = sha256(format!("attempt\n{kind}\n{}", account.id_text()).as_bytes());
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let attempt = sign_in::count_attempt(core, &mut tx, &key).await?;
    tx.lock_out(&key, core.clock.now() + lockout_after(attempt)).await?;
    tx.commit().await?;
    Ok(key)
}

/// Returns the length of the lock after a number of attempts: 2 s, 4 s, 8 s, up to one hour.
fn lockout_after(attempts: i64) -> TimeDelta {
    let seconds = 1_i64 << attempts.clamp(1, 12);
    TimeDelta::seconds(seconds.min(3600))
}

/// Verifies and uses a code whose attempt was counted before, and clears the throttle.
async fn check(
    core: &Core,
    tx: &mut SystemTx<'_, SignIn>,
    account: AccountKey,
    secret: &[u8],
    code: Option<TypedCode>,
    attempts: &[u8],
) -> CoreResult<()> {
    let is_valid = match code {
        Some(TypedCode::App(code)) => {
            let secret = core
                .keyring
                .unseal(secret, &secret_context(account))
                .map_err(internal)?;
            match matching_step(core, &secret, &code)? {
                Some(step) => tx.use_factor_step(account, step).await?,
                None => false,
            }
        }
        Some(TypedCode::Recovery(code)) => {
            let is_valid = tx.use_recovery_code(account, &code_hash(account, &code)).await?;
            if is_valid {
                let action = match account.realm {
                    Realm::Staff => "staff.recovery_code_used",
                    Realm::Portal => "portal.recovery_code_used",
                    Realm::Partner => "partner.recovery_code_used",
                };
                let label = account.label();
                tx.audit(account.tenant, &label, action, &label).await?;
            }
            is_valid
        }
        None => false,
    };
    if !is_valid {
        return Err(wrong_code());
    }
    tx.clear_attempts(attempts).await?;
    Ok(())
}

pub(super) fn code_hash(account: AccountKey, code: &str) -> Vec<u8> {
    sha256(format!("recovery code\n{}\n{code}", account.id_text()).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_after_many_attempts_is_at_most_one_hour() {
        let seconds: Vec<i64> = [1, 2, 3, 11, 12, 500]
            .map(|attempts| lockout_after(attempts).num_seconds())
            .to_vec();
        assert_eq!(seconds, [2, 4, 8, 2048, 3600, 3600]);
    }
}
