//! Lists tenants and accounts for the command line, ends their access and sets roles.

use domain::identity::roles::Role;
use domain::text;

pub use crate::identity::store::listing::{AccountSummary, TenantSummary};

use crate::db::purpose::Administration;
use crate::identity::access::end_access;
use crate::identity::sessions::Realm;
use crate::{Core, CoreError, CoreResult};

/// Returns all tenants, sorted by slug.
///
/// # Errors
/// The database is unavailable.
pub async fn tenants(core: &Core) -> CoreResult<Vec<TenantSummary>> {
    Ok(core.store.read_system().await?.tenant_lines().await?)
}

/// Returns the accounts of a tenant in all realms.
///
/// # Errors
/// `not_found` for an unknown tenant.
pub async fn accounts(core: &Core, slug: &str) -> CoreResult<Vec<AccountSummary>> {
    let mut tx = core.store.read_system().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    Ok(tx.account_lines(tenant).await?)
}

/// Ends every access of the accounts with this address in a tenant, in all realms; returns the number of sessions.
///
/// # Errors
/// `not_found`.
pub async fn end_sessions(core: &Core, slug: &str, email: &str) -> CoreResult<u64> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    let accounts = tx.account_lines(tenant).await?;
    let mut found = accounts.into_iter().filter(|account| account.email == email).peekable();
    if found.peek().is_none() {
        return Err(CoreError::not_found());
    }
    let mut sessions = 0;
    for account in found {
        let realm = match account.realm.as_str() {
            "staff" => Realm::Staff,
            "portal" => Realm::Portal,
            _ => Realm::Partner,
        };
        sessions += end_access(&mut tx.tx, realm, tenant, account.id).await?.sessions;
        tx.audit(tenant, "operator", "account.sessions_ended", &account.id.to_string())
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
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    let account = tx
        .staff_by_email(&email)
        .await?
        .into_iter()
        .find(|account| account.tenant_id == tenant.uuid())
        .ok_or_else(CoreError::not_found)?;
    tx.set_staff_role(tenant, account.id.0, role).await?;
    end_access(&mut tx.tx, Realm::Staff, tenant, account.id.0.uuid()).await?;
    tx.audit(tenant, "operator", "staff.role_set", &account.id.to_string())
        .await?;
    Ok(tx.commit().await?)
}
