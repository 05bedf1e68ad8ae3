//! Verification of two-factor codes. Attempts are counted before they are made, as by [`crate::identity::throttle`].

use domain::identity::two_factor::TypedCode;
use domain::network::Network;
use domain::problems::Cause;

use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::identity::account::{AccountHolder, AccountKey, begin_own};
use crate::identity::actors::TenantId;
use crate::identity::admission::{PendingCode, SignedIn};
use crate::identity::sign_in;
use crate::identity::sign_in::home_of;
use crate::identity::store::sessions::Realm;
use crate::identity::throttle::{Attempt, Secret};
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
pub(crate) async fn complete(
    core: &Core,
    realm: Realm,
    waiting: &PendingCode,
    code: &str,
    network: Network,
) -> CoreResult<SignedIn> {
    let expired = || CoreError::new(Cause::SignInRequired);
    let account = AccountKey {
        realm,
        tenant: TenantId::from_uuid(waiting.tenant),
        id: waiting.account,
    };
    let code = TypedCode::read(code);
    let attempt = count(core, &account.id_text(), code.as_ref(), network).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let found = tx.waiting_account(account).await?.ok_or_else(expired)?;
    if found.epoch != waiting.epoch {
        return Err(expired());
    }
    if let Some(secret) = &found.secret {
        check(core, &mut tx, account, secret, code, &attempt).await?;
    }
    let home = home_of(&mut tx, account).await?;
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
    // A person who has a session is not slowed down by those who try to sign in, and the other way round.
    let own = format!("own\n{}", account.id_text());
    let attempt = count(core, &own, code.as_ref(), Network::UNKNOWN).await?;
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let found = tx.waiting_account(account).await?;
    let secret = found.and_then(|found| found.secret).ok_or_else(not_on)?;
    check(core, &mut tx, account, &secret, code, &attempt).await?;
    tx.commit().await?;
    Ok(())
}

/// Counts an attempt before it is made. App codes and recovery codes are counted separately, so guessing app codes cannot
/// lock out the holder of a recovery code.
async fn count(core: &Core, account: &str, code: Option<&TypedCode>, network: Network) -> CoreResult<Attempt> {
    let secret = match code {
        Some(TypedCode::Recovery(_)) => Secret::RecoveryCode,
        _ => Secret::AppCode,
    };
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let attempt = Attempt::count(core, &mut tx, secret, account, network).await?;
    tx.commit().await?;
    Ok(attempt)
}

/// Verifies and uses a code whose attempt was counted before, and clears the throttle.
async fn check(
    core: &Core,
    tx: &mut SystemTx<'_, SignIn>,
    account: AccountKey,
    secret: &[u8],
    code: Option<TypedCode>,
    attempt: &Attempt,
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
    attempt.succeed(tx).await
}

pub(super) fn code_hash(account: AccountKey, code: &str) -> Vec<u8> {
    sha256(format!("recovery code\n{}\n{code}", account.id_text()).as_bytes())
}
