//! Administration from the command line: tenants, accounts, passwords.

use domain::fields::FieldCode;

use domain::identity::roles::Role;
use domain::ids::Id;
use domain::locale::Locale;
use domain::problems::Cause;
use domain::slug::{MAX_SLUG, is_slug};
use domain::text;
use secrecy::SecretString;

use crate::db::SystemTx;
use crate::db::purpose::Administration;
use crate::form::Form;
use crate::identity::access::end_access;
use crate::identity::account::AccountKey;
use crate::identity::actors::TenantId;
use crate::identity::store::accounts::NewStaff;
use crate::identity::store::sessions::Realm;
use crate::identity::store::tenants::NewTenant;
use crate::identity::two_factor;
use crate::{Core, CoreError, CoreResult};

/// Creates a tenant.
///
/// # Errors
/// Fields `slug`, `name`, `zone`.
pub async fn create_tenant(core: &Core, slug: &str, name: &str, zone: &str, locale: Locale) -> CoreResult<()> {
    let mut form = Form::default();
    if !is_slug(slug) {
        let max = MAX_SLUG;
        form.add_error("slug", FieldCode::InvalidSlug { min: 1, max });
    }
    let name = form.text("name", 200, text::line(name, 200));
    if zone.parse::<chrono_tz::Tz>().is_err() {
        form.add_error("zone", FieldCode::InvalidZone);
    }
    form.finish()?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    if tx.tenant_by_slug(slug).await?.is_some() {
        return Err(CoreError::field("slug", FieldCode::Taken));
    }
    let new = NewOrganization {
        slug,
        name: name.as_deref().unwrap_or(slug),
        zone,
        locale,
    };
    add_organization(&mut tx, &new, "operator").await?;
    Ok(tx.commit().await?)
}

/// A checked organization.
pub(crate) struct NewOrganization<'a> {
    pub slug: &'a str,
    pub name: &'a str,
    pub zone: &'a str,
    pub locale: Locale,
}

/// Creates an organization on behalf of `actor`.
pub(crate) async fn add_organization(
    tx: &mut SystemTx<'_, Administration>,
    new: &NewOrganization<'_>,
    actor: &str,
) -> CoreResult<TenantId> {
    let tenant = tx
        .insert_tenant(&NewTenant {
            slug: new.slug,
            name: new.name,
            zone: new.zone,
            locale: new.locale,
            is_demo: false,
        })
        .await?;
    tx.audit(tenant, actor, "tenant.created", new.slug).await?;
    // The address of the setup page is void, even if the organization is deleted later.
    tx.close_setup().await?;
    Ok(tenant)
}

/// Creates a staff account on behalf of `actor`.
pub(crate) async fn add_staff(
    tx: &mut SystemTx<'_, Administration>,
    tenant: TenantId,
    email: &str,
    display_name: &str,
    role: Role,
    password_hash: &str,
    actor: &str,
) -> CoreResult<()> {
    let new = NewStaff {
        email,
        display_name,
        role,
        password_hash,
        locale: None,
        skills: &[],
    };
    let id = tx.insert_staff(tenant, &new).await?;
    Ok(tx.audit(tenant, actor, "staff.created", &id.to_string()).await?)
}

/// Creates a staff account.
///
/// # Errors
/// Fields `email`, `name`, `password`; `not_found` for an unknown tenant.
pub async fn create_staff(
    core: &Core,
    slug: &str,
    email: &str,
    display_name: &str,
    role: Role,
    password: &SecretString,
) -> CoreResult<()> {
    let mut form = Form::default();
    let email = form.text("email", 254, text::email(email));
    let display_name = form.text("name", 200, text::line(display_name, 200));
    form.finish()?;
    let (Some(email), Some(display_name)) = (email, display_name) else {
        return Err(CoreError::new(Cause::InvalidFields));
    };
    let password_hash = core.passwords.hash(password, &email).await?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    if tx
        .staff_by_email(&email)
        .await?
        .iter()
        .any(|account| account.tenant_id == tenant.uuid())
    {
        return Err(CoreError::field("email", FieldCode::Taken));
    }
    add_staff(&mut tx, tenant, &email, &display_name, role, &password_hash, "operator").await?;
    Ok(tx.commit().await?)
}

/// Locks or unlocks every account with this address in a tenant, in all realms; locking revokes its sessions.
///
/// # Errors
/// `not_found`.
pub async fn lock_account(core: &Core, slug: &str, email: &str, locked: bool) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let action = if locked { "account.locked" } else { "account.unlocked" };
    for account in accounts_with_email(&mut tx, slug, email).await? {
        let AccountKey { realm, tenant, id } = account;
        match realm {
            Realm::Staff => tx.lock_staff(tenant, Id::from_uuid(id), locked).await?,
            Realm::Portal => tx.lock_portal_user(tenant, Id::from_uuid(id), locked).await?,
            Realm::Partner => tx.lock_partner(tenant, Id::from_uuid(id), locked).await?,
        }
        tx.audit(tenant, "operator", action, &account.id_text()).await?;
    }
    Ok(tx.commit().await?)
}

/// Sets the password of every account with this address in a tenant, in all realms, and revokes its sessions.
///
/// # Errors
/// Field `password`; `not_found`.
pub async fn reset_password(core: &Core, slug: &str, email: &str, password: &SecretString) -> CoreResult<()> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let password_hash = core.passwords.hash(password, &email).await?;
    let mut tx = core.store.begin_system::<Administration>().await?;
    for account in accounts_with_email(&mut tx, slug, &email).await? {
        let AccountKey { realm, tenant, id } = account;
        match realm {
            Realm::Staff => tx.set_staff_password(tenant, Id::from_uuid(id), &password_hash).await?,
            Realm::Portal => {
                tx.set_portal_password(tenant, Id::from_uuid(id), &password_hash)
                    .await?
            }
            Realm::Partner => {
                tx.set_partner_password(tenant, Id::from_uuid(id), &password_hash)
                    .await?
            }
        };
        tx.audit(tenant, "operator", "account.password_reset", &account.id_text())
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Revokes every grant of the portal accounts with this address in a tenant, effective with their next request.
///
/// # Errors
/// `not_found`.
pub async fn revoke_grants(core: &Core, slug: &str, email: &str) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let mut revoked = 0;
    for account in accounts_with_email(&mut tx, slug, email).await? {
        if account.realm == Realm::Portal {
            revoked += tx.revoke_grants(account.tenant, Id::from_uuid(account.id)).await?;
            tx.audit(account.tenant, "operator", "grant.revoked", &account.id_text())
                .await?;
        }
    }
    if revoked == 0 {
        return Err(CoreError::not_found());
    }
    tx.commit().await?;
    Ok(revoked)
}

/// Turns two-factor authentication off for every account with this address in a tenant, in all realms, and ends its access:
/// for a person who has lost app and recovery codes.
///
/// # Errors
/// `not_found` if none of the accounts uses it.
pub async fn turn_off_two_factor(core: &Core, slug: &str, email: &str) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let mut found = false;
    for account in accounts_with_email(&mut tx, slug, email).await? {
        if two_factor::remove(&mut tx, account).await? {
            end_access(&mut tx.tx, account.realm, account.tenant, account.id).await?;
            found = true;
        }
    }
    if !found {
        return Err(CoreError::not_found());
    }
    Ok(tx.commit().await?)
}

/// Deletes a tenant with everything that belongs to it. The worker deletes its files within about a day. `confirmation` repeats
/// the slug.
///
/// # Errors
/// `not_found`; field `confirm` if it is not the slug.
pub async fn delete_tenant(core: &Core, slug: &str, confirmation: &str) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    if confirmation != slug {
        return Err(CoreError::field(
            "confirm",
            FieldCode::NotAllowed {
                allowed: vec![slug.to_owned()],
            },
        ));
    }
    tx.delete_tenant(tenant).await?;
    tx.commit().await?;
    tracing::warn!(tenant = slug, "tenant was deleted");
    Ok(())
}

/// Returns the accounts of all realms with this address in a tenant.
///
/// # Errors
/// `not_found` for an unknown tenant or address.
pub(in crate::identity) async fn accounts_with_email<P>(
    tx: &mut SystemTx<'_, P>,
    slug: &str,
    email: &str,
) -> CoreResult<Vec<AccountKey>> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    let accounts = tx.accounts(tenant, Some(&email)).await?;
    if accounts.is_empty() {
        return Err(CoreError::not_found());
    }
    Ok(accounts
        .into_iter()
        .map(|account| AccountKey {
            realm: account.realm,
            tenant,
            id: account.id,
        })
        .collect())
}

pub(in crate::identity) async fn find_tenant(
    tx: &mut SystemTx<'_, Administration>,
    slug: &str,
) -> CoreResult<TenantId> {
    tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)
}
