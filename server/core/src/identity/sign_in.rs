//! Sign-in with email and password: the same response and the same work whether or not an account exists, and a lockout that
//! grows with every failure but never becomes permanent.

use chrono::TimeDelta;
use domain::problems::Cause;
use domain::text;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::db::SystemTx;
use crate::identity::actors::TenantId;
use crate::identity::store::sessions::Realm;
use crate::secrets::{hex, sha256};
use crate::{Core, CoreError, CoreResult};

/// The maximum length of a lockout: slows down guessing without locking out the owner of the account.
const MAX_LOCKOUT_SECONDS: i64 = 300;

/// The result of a sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum SignInOutcome {
    /// Signed in, with the value for [`crate::identity::sessions::ACCOUNT_KEY`] in the session.
    Granted(Value),
    /// A code is required, with the value for [`crate::identity::two_factor::complete`]; it grants no access by itself.
    NeedsCode(Value),
}

impl SignInOutcome {
    pub(crate) fn granted(tenant: uuid::Uuid, account: uuid::Uuid) -> Self {
        Self::Granted(json!([tenant.to_string(), account.to_string()]))
    }
}

/// An account that has passed the first factor.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub outcome: SignInOutcome,
    /// The tenant's name, to choose from if there are several accounts.
    pub tenant_name: String,
    /// The path of the account's start page.
    pub home: &'static str,
}

/// Signs in to a realm. Several results mean that the email has accounts in several tenants with the same password, and
/// the person must choose.
///
/// # Errors
/// `invalid_credentials` for any mismatch; `rate_limited` while locked, with the seconds in the detail.
pub async fn sign_in(
    core: &Core,
    realm: Realm,
    email: &str,
    password: SecretString,
    client_address: &str,
) -> CoreResult<Vec<SignedIn>> {
    let invalid_credentials = || CoreError::new(Cause::PasswordIncorrect);
    let email = text::email(email).map_err(|_| invalid_credentials())?;
    let key = throttle_key(realm, &email, client_address);
    // Counted before verification, so that concurrent attempts cannot bypass the lock.
    let mut tx = core.store.begin_system().await?;
    let attempt = count_attempt(core, &mut tx, &key).await?;
    let now = core.clock.now();
    if attempt > 1 {
        tx.lock_out(&key, now + lockout_after(attempt - 1)).await?;
    }
    let accounts: Vec<Candidate> = match realm {
        Realm::Staff => tx
            .staff_by_email(&email)
            .await?
            .into_iter()
            .map(Candidate::from)
            .collect(),
        Realm::Portal => tx
            .portal_users_by_email(&email)
            .await?
            .into_iter()
            // Invited accounts and accounts that sign in with mailed links have no password.
            .filter(|account| !account.password_hash.is_empty() && account.is_active)
            .map(Candidate::from)
            .collect(),
        // Invited accounts have no password until they accept.
        Realm::Partner => tx
            .partners_by_email(&email)
            .await?
            .into_iter()
            .filter_map(Candidate::from_partner)
            .collect(),
    };
    tx.commit().await?;
    let mut matching = Vec::new();
    if accounts.is_empty() {
        core.passwords.verify(&password, None).await?;
    }
    for account in accounts {
        if core.passwords.verify(&password, Some(&account.password_hash)).await? && !account.locked {
            matching.push(account);
        }
    }
    let mut tx = core.store.begin_system().await?;
    if matching.is_empty() {
        tx.lock_out(&key, core.clock.now() + lockout_after(attempt)).await?;
        tx.commit().await?;
        return Err(invalid_credentials());
    }
    tx.clear_attempts(&key).await?;
    for account in matching.iter().filter(|account| !account.needs_code) {
        let tenant = TenantId::from_uuid(account.tenant);
        match realm {
            Realm::Staff => {
                tx.staff_signed_in(tenant, domain::ids::Id::from_uuid(account.id))
                    .await?
            }
            Realm::Portal => {
                tx.portal_user_signed_in(tenant, domain::ids::Id::from_uuid(account.id))
                    .await?
            }
            Realm::Partner => {
                tx.partner_signed_in(tenant, domain::ids::Id::from_uuid(account.id))
                    .await?
            }
        }
        let (label, action) = match realm {
            Realm::Staff => (
                format!("staff:{}", domain::ids::StaffId::from_uuid(account.id)),
                "staff.signed_in",
            ),
            Realm::Portal => (
                format!("portal:{}", domain::ids::PortalUserId::from_uuid(account.id)),
                "portal.signed_in",
            ),
            Realm::Partner => (
                format!("partner:{}", domain::ids::PartnerId::from_uuid(account.id)),
                "partner.signed_in",
            ),
        };
        tx.audit(tenant, &label, action, &label).await?;
    }
    tx.commit().await?;
    Ok(matching
        .into_iter()
        .map(|account| SignedIn {
            outcome: if account.needs_code {
                SignInOutcome::NeedsCode(pending_code(account.tenant, account.id, &account.password_hash))
            } else {
                SignInOutcome::granted(account.tenant, account.id)
            },
            tenant_name: account.tenant_name,
            home: account.home,
        })
        .collect())
}

/// Returns the value of a sign-in that waits for a code. It contains a digest of the password hash, so changing the
/// password invalidates it.
pub(crate) fn pending_code(tenant: uuid::Uuid, account: uuid::Uuid, password_hash: &str) -> Value {
    json!([
        tenant.to_string(),
        account.to_string(),
        hex(&sha256(password_hash.as_bytes()))
    ])
}

/// Completes a sign-in to the portal after every required factor was verified.
pub(crate) async fn complete_portal_sign_in(
    tx: &mut SystemTx<'_>,
    tenant: TenantId,
    account: domain::ids::PortalUserId,
    tenant_name: &str,
) -> CoreResult<SignedIn> {
    tx.portal_user_signed_in(tenant, account).await?;
    let label = format!("portal:{account}");
    tx.audit(tenant, &label, "portal.signed_in", &label).await?;
    Ok(SignedIn {
        outcome: SignInOutcome::granted(tenant.uuid(), account.uuid()),
        tenant_name: tenant_name.to_owned(),
        home: "/portal",
    })
}

/// Counts an attempt before the credentials are verified; returns the number of attempts since the last success.
///
/// # Errors
/// `rate_limited` while locked, with the seconds in the detail.
pub(crate) async fn count_attempt(core: &Core, tx: &mut SystemTx<'_>, key: &[u8]) -> CoreResult<i64> {
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
    password_hash: String,
    tenant_name: String,
    locked: bool,
    needs_code: bool,
    home: &'static str,
}

impl From<crate::identity::store::accounts::StaffIdentity> for Candidate {
    fn from(row: crate::identity::store::accounts::StaffIdentity) -> Self {
        Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            password_hash: row.password_hash,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: false,
            home: domain::roles::Role::from_name(&row.role).map_or("/app", domain::roles::Role::home),
        }
    }
}

impl From<crate::identity::store::accounts::PortalIdentity> for Candidate {
    fn from(row: crate::identity::store::accounts::PortalIdentity) -> Self {
        Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            password_hash: row.password_hash,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: row.has_second_factor,
            home: "/portal",
        }
    }
}

impl Candidate {
    fn from_partner(row: crate::identity::store::partners::PartnerIdentity) -> Option<Self> {
        Some(Self {
            tenant: row.tenant_id,
            id: row.id.0.uuid(),
            password_hash: row.password_hash?,
            tenant_name: row.tenant_name,
            locked: row.locked_at.is_some(),
            needs_code: false,
            home: "/partner",
        })
    }
}

fn throttle_key(realm: Realm, email: &str, client_address: &str) -> Vec<u8> {
    sha256(format!("{realm:?}\n{email}\n{client_address}").as_bytes())
}
