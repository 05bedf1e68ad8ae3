//! Sign-in with email and password: the same response and the same work whether or not an account exists.

use std::time::Duration;

use chrono::TimeDelta;
use domain::identity::roles::Role;
use domain::network::Network;
use domain::problems::Cause;
use domain::text;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::db::SystemTx;
use crate::db::purpose::SignIn;
use crate::identity::account::{AccountHolder, AccountKey};
use crate::identity::actors::TenantId;
use crate::identity::admission::{Admission, Home, PendingCode, SignInOutcome, SignedIn};
use crate::identity::store::sessions::Realm;
use crate::identity::throttle::{self, Attempt, Secret};
use crate::{Core, CoreError, CoreResult};

/// The maximum length of a lockout: slows down guessing without locking out the owner of the account.
const MAX_LOCKOUT_SECONDS: i64 = 300;

/// Failed attempts are answered at multiples of this time, so that it does not tell how many accounts an address has: each
/// verified password takes well below a tenth of a second.
const ANSWER_STEP: Duration = Duration::from_millis(500);

/// Signs in to a realm. Several results mean that the email has accounts in several tenants with the same password, and
/// the person must choose.
///
/// # Errors
/// `invalid_credentials` for any mismatch; `rate_limited` while locked, with the seconds in the detail.
pub(crate) async fn sign_in(
    core: &Core,
    realm: Realm,
    email: &str,
    password: SecretString,
    network: Network,
) -> CoreResult<Vec<SignedIn>> {
    let invalid_credentials = || CoreError::new(Cause::PasswordIncorrect);
    let email = text::email(email).map_err(|_| invalid_credentials())?;
    let started = Instant::now();
    // Admitted before it is counted: a full queue must not lock out those who wait for it.
    let place = core.passwords.admit(Some(network))?;
    // Counted before verification, so that concurrent attempts cannot bypass the lock.
    let mut tx = core.store.begin_system::<SignIn>().await?;
    let account = format!("{realm:?}\n{email}");
    let attempt = Attempt::count(core, &mut tx, Secret::Password, &account, network).await?;
    let accounts = candidates(&mut tx, realm, &email).await?;
    tx.commit().await?;
    if accounts.is_empty() {
        core.passwords.verify_in(&place, &password, None).await?;
    }
    let (mut matching, mut has_other) = (Vec::new(), false);
    for account in accounts {
        let hash = Some(account.password_hash.as_str());
        if core.passwords.verify_in(&place, &password, hash).await? && !account.locked {
            matching.push(account);
        } else {
            has_other |= !account.locked && !account.password_hash.is_empty();
        }
    }
    drop(place);
    let mut tx = core.store.begin_system::<SignIn>().await?;
    if matching.is_empty() {
        if attempt.fail(core, &mut tx).await? {
            throttle::tell_owners(&mut tx, realm, &email).await?;
        }
        tx.commit().await?;
        tokio::time::sleep_until(next_step(started, Instant::now())).await;
        return Err(invalid_credentials());
    }
    if has_other {
        attempt.succeed_in_part(&mut tx).await?;
    } else {
        attempt.succeed(&mut tx).await?;
    }
    let mut signed_in = Vec::with_capacity(matching.len());
    for candidate in &matching {
        let verified = candidate.verified(realm);
        signed_in.push(if candidate.needs_code {
            verified.ask_code()
        } else {
            verified.complete(&mut tx).await?
        });
    }
    tx.commit().await?;
    Ok(signed_in)
}

/// Returns when an attempt that has been worked on since `started` is answered.
fn next_step(started: Instant, now: Instant) -> Instant {
    let steps = (now - started).as_millis() / ANSWER_STEP.as_millis() + 1;
    started + ANSWER_STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// Returns the accounts with this address that can have a password.
async fn candidates(tx: &mut SystemTx<'_, SignIn>, realm: Realm, email: &str) -> CoreResult<Vec<Candidate>> {
    Ok(match realm {
        Realm::Staff => tx
            .staff_by_email(email)
            .await?
            .into_iter()
            .map(Candidate::from)
            .collect(),
        Realm::Portal => tx
            .portal_users_by_email(email)
            .await?
            .into_iter()
            // Invited accounts and accounts that sign in with mailed links have no password.
            .filter(|account| !account.password_hash.is_empty() && account.is_active)
            .map(Candidate::from)
            .collect(),
        // Invited accounts have no password until they accept.
        Realm::Partner => tx
            .partners_by_email(email)
            .await?
            .into_iter()
            .filter_map(Candidate::from_partner)
            .collect(),
    })
}

/// An account that has passed the first factor.
pub(crate) struct Verified<'a> {
    pub account: AccountKey,
    pub epoch: i64,
    pub tenant_name: &'a str,
    pub home: Home,
    /// Whether the role requires two-factor authentication that is not set up yet.
    pub must_set_up: bool,
}

impl Verified<'_> {
    /// Completes the sign-in after every required factor was verified.
    pub(crate) async fn complete(&self, tx: &mut SystemTx<'_, SignIn>) -> CoreResult<SignedIn> {
        let AccountKey { realm, tenant, id } = self.account;
        tx.account_signed_in(self.account).await?;
        let (label, action) = (
            self.account.label(),
            match realm {
                Realm::Staff => "staff.signed_in",
                Realm::Portal => "portal.signed_in",
                Realm::Partner => "partner.signed_in",
            },
        );
        tx.audit(tenant, &label, action, &label).await?;
        let admission = Admission::new(tenant.uuid(), id, self.epoch).with_setup(self.must_set_up);
        Ok(self.signed_in(SignInOutcome::Granted(admission)))
    }

    /// Asks for a two-factor code.
    pub(crate) fn ask_code(&self) -> SignedIn {
        let AccountKey { tenant, id, .. } = self.account;
        self.signed_in(SignInOutcome::NeedsCode(PendingCode::new(
            tenant.uuid(),
            id,
            self.epoch,
        )))
    }

    fn signed_in(&self, outcome: SignInOutcome) -> SignedIn {
        SignedIn {
            outcome,
            tenant_name: self.tenant_name.to_owned(),
            home: self.home,
        }
    }
}

/// Returns the start page of an account that has proved every required factor.
pub(crate) async fn home_of(tx: &mut SystemTx<'_, SignIn>, account: AccountKey) -> CoreResult<Home> {
    Ok(match account.realm {
        Realm::Staff => Home::Staff(tx.role_of_staff(account).await?.as_deref().and_then(Role::from_name)),
        Realm::Portal => Home::Portal,
        Realm::Partner => Home::Partner,
    })
}

/// Admits a person again whose session was revoked by a change of their own, such as a new password. Every required factor
/// was verified when that session was created. `epoch` is the one that the change began.
pub(crate) fn readmit(holder: &impl AccountHolder, epoch: i64) -> SignedIn {
    let AccountKey { realm, tenant, id } = holder.account();
    let [tenant_name, ..] = holder.names();
    SignedIn {
        outcome: SignInOutcome::Granted(
            Admission::new(tenant.uuid(), id, epoch).with_setup(holder.must_set_up_two_factor()),
        ),
        tenant_name: tenant_name.to_owned(),
        home: match realm {
            Realm::Staff => Home::Staff(None),
            Realm::Portal => Home::Portal,
            Realm::Partner => Home::Partner,
        },
    }
}

/// Counts an attempt before the credentials are verified; returns the number of attempts since the last success.
///
/// # Errors
/// `rate_limited` while locked, with the seconds in the detail.
pub(crate) async fn count_attempt(core: &Core, tx: &mut SystemTx<'_, SignIn>, key: &[u8]) -> CoreResult<i64> {
    if let Some(attempt) = tx.count_attempt(key).await? {
        return Ok(attempt);
    }
    let until = tx.locked_until(key).await?;
    let wait = until
        .map_or(0, |until| (until - core.clock.now()).num_milliseconds())
        .max(0);
    Err(CoreError::new(Cause::RetryLater {
        seconds: u64::try_from((wait + 999) / 1000).unwrap_or_default(),
    }))
}

/// Returns the length of the lockout after a number of failures: 1 s, 3 s, 5 s and so on, at most 300 s.
pub(crate) fn lockout_after(failures: i64) -> TimeDelta {
    TimeDelta::seconds((failures * 2 - 1).min(MAX_LOCKOUT_SECONDS))
}

struct Candidate {
    tenant: uuid::Uuid,
    id: uuid::Uuid,
    epoch: i64,
    password_hash: String,
    tenant_name: String,
    locked: bool,
    needs_code: bool,
    is_factor_required: bool,
    home: Home,
}

impl From<crate::identity::store::accounts::StaffIdentity> for Candidate {
    fn from(row: crate::identity::store::accounts::StaffIdentity) -> Self {
        Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            epoch: row.epoch,
            password_hash: row.password_hash,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: row.has_second_factor,
            is_factor_required: row.is_factor_required,
            home: Home::Staff(Role::from_name(&row.role)),
        }
    }
}

impl From<crate::identity::store::accounts::PortalIdentity> for Candidate {
    fn from(row: crate::identity::store::accounts::PortalIdentity) -> Self {
        Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            epoch: row.epoch,
            password_hash: row.password_hash,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: row.has_second_factor,
            is_factor_required: false,
            home: Home::Portal,
        }
    }
}

impl Candidate {
    fn verified(&self, realm: Realm) -> Verified<'_> {
        Verified {
            account: AccountKey {
                realm,
                tenant: TenantId::from_uuid(self.tenant),
                id: self.id,
            },
            epoch: self.epoch,
            tenant_name: &self.tenant_name,
            home: self.home,
            must_set_up: self.is_factor_required && !self.needs_code,
        }
    }

    fn from_partner(row: crate::identity::store::partners::PartnerIdentity) -> Option<Self> {
        Some(Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            epoch: row.epoch,
            password_hash: row.password_hash?,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: row.has_second_factor,
            is_factor_required: row.is_factor_required,
            home: Home::Partner,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_answered_at_the_next_step() {
        let started = Instant::now();
        let after = |worked: u64| next_step(started, started + Duration::from_millis(worked)) - started;
        for (worked, answered) in [(0, 500), (80, 500), (499, 500), (500, 1000), (501, 1000), (1700, 2000)] {
            assert_eq!(after(worked), Duration::from_millis(answered), "{worked}");
        }
    }
}
