//! Lists tenants, accounts and sessions for the command line, ends their access and sets roles.

use chrono::{DateTime, Utc};
use domain::identity::roles::Role;
use domain::ids::{Id, StaffId};

pub use crate::identity::store::listing::{AccountSummary, TenantSummary};

use crate::db::purpose::Administration;
use crate::identity::access::end_access;
use crate::identity::account::AccountKey;
use crate::identity::administration::{accounts_with_email, find_tenant};
use crate::identity::sessions::Realm;
use crate::secrets::{hex, parse_digest};
use crate::{Core, CoreError, CoreResult};

/// A session of an account, for the command line.
#[derive(Debug, Clone)]
pub struct AccountSession {
    pub realm: Realm,
    /// The hash of the session ID, which identifies the session but cannot be used to sign in.
    pub reference: String,
    /// The browser's user agent.
    pub agent: String,
    /// Whether a member of staff looks at the portal in this session.
    pub is_view_as: bool,
    pub signed_in_at: Option<DateTime<Utc>>,
    pub last_seen_at: DateTime<Utc>,
}

/// Returns all tenants, sorted by slug.
///
/// # Errors
/// The database is unavailable.
pub async fn tenants(core: &Core) -> CoreResult<Vec<TenantSummary>> {
    Ok(core.store.read_system().await?.tenants().await?)
}

/// Returns the accounts of a tenant in all realms.
///
/// # Errors
/// `not_found` for an unknown tenant.
pub async fn accounts(core: &Core, slug: &str) -> CoreResult<Vec<AccountSummary>> {
    let mut tx = core.store.read_system().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    Ok(tx.accounts(tenant, None).await?)
}

/// Returns the sessions of the accounts with this address in a tenant, in all realms, the last used first.
///
/// # Errors
/// `not_found` for an unknown tenant or address.
pub async fn sessions(core: &Core, slug: &str, email: &str) -> CoreResult<Vec<AccountSession>> {
    let mut tx = core.store.read_system().await?;
    let mut found = Vec::new();
    for account in accounts_with_email(&mut tx, slug, email).await? {
        for session in tx.sessions_of_account(account).await? {
            // A sign-in that is not complete is no session.
            let Some(open) = session.data.0.0.open() else { continue };
            found.push(AccountSession {
                realm: account.realm,
                reference: hex(&session.id_hash),
                agent: open.user_agent.clone(),
                is_view_as: open.view_as.is_some(),
                signed_in_at: session.signed_in_at,
                last_seen_at: session.last_seen_at,
            });
        }
    }
    Ok(found)
}

/// Ends one session of the accounts with this address in a tenant.
///
/// # Errors
/// `not_found`.
pub async fn end_session(core: &Core, slug: &str, email: &str, reference: &str) -> CoreResult<()> {
    let id_hash = parse_digest(reference).ok_or_else(CoreError::not_found)?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    for account in accounts_with_email(&mut tx, slug, email).await? {
        if tx.delete_own_session(account, &id_hash).await? {
            tx.audit(account.tenant, "operator", "account.session_ended", &account.id_text())
                .await?;
            return Ok(tx.commit().await?);
        }
    }
    Err(CoreError::not_found())
}

/// Ends every access of the accounts with this address in a tenant, in all realms; returns the number of sessions.
///
/// # Errors
/// `not_found`.
pub async fn end_sessions(core: &Core, slug: &str, email: &str) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let mut sessions = 0;
    for account in accounts_with_email(&mut tx, slug, email).await? {
        let AccountKey { realm, tenant, id } = account;
        sessions += end_access(&mut tx.tx, realm, tenant, id).await?.sessions;
        tx.audit(tenant, "operator", "account.sessions_ended", &account.id_text())
            .await?;
    }
    tx.commit().await?;
    Ok(sessions)
}

/// Sets the role of a staff account and ends its access, so that the old role is used no more.
///
/// # Errors
/// `not_found`.
pub async fn set_role(core: &Core, slug: &str, email: &str, role: Role) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    let account = accounts_with_email(&mut tx, slug, email)
        .await?
        .into_iter()
        .find(|account| account.realm == Realm::Staff)
        .ok_or_else(CoreError::not_found)?;
    let id: StaffId = Id::from_uuid(account.id);
    tx.set_staff_role(tenant, id, role).await?;
    end_access(&mut tx.tx, Realm::Staff, tenant, account.id).await?;
    tx.audit(tenant, "operator", "staff.role_set", &account.id_text())
        .await?;
    Ok(tx.commit().await?)
}
