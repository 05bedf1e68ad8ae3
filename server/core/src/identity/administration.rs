//! What an operator does from the command line: tenants, accounts, passwords, keys.

use std::path::Path;

use domain::locale::Locale;
use domain::problems::Problem;
use domain::roles::Role;
use domain::text;
use secrecy::SecretString;

use crate::db::SystemTx;
use crate::form::Form;
use crate::identity::actors::TenantId;
use crate::identity::store::accounts::NewStaff;
use crate::identity::store::tenants::NewTenant;
use crate::secrets::Keyring;
use crate::webhooks::{KEY_PLACE, SECRET_PLACE, place};
use crate::{Core, CoreError, CoreResult};

/// Makes a tenant.
///
/// # Errors
/// Fields `slug`, `name`, `zone`; `concurrent_modification` if the slug is taken.
pub async fn create_tenant(core: &Core, slug: &str, name: &str, zone: &str, locale: Locale) -> CoreResult<()> {
    let mut form = Form::default();
    if slug.is_empty()
        || slug.len() > 40
        || !slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    {
        form.wrong(
            "slug",
            "invalid_slug",
            "Lower-case letters, digits and hyphens are allowed, at most 40.",
        );
    }
    let name = form.text("name", 200, text::line(name, 200));
    if zone.parse::<chrono_tz::Tz>().is_err() {
        form.wrong(
            "zone",
            "invalid_zone",
            "An IANA zone such as Europe/Berlin is required.",
        );
    }
    form.finish()?;
    let mut tx = core.store.begin_system().await?;
    if tx.tenant_by_slug(slug).await?.is_some() {
        return Err(CoreError::field("slug", "taken", "There is a tenant with this slug."));
    }
    let tenant = tx
        .insert_tenant(&NewTenant {
            slug,
            name: name.as_deref().unwrap_or(slug),
            zone,
            locale,
            is_demo: false,
        })
        .await?;
    tx.audit(tenant, "operator", "tenant.created", slug).await?;
    Ok(tx.commit().await?)
}

/// Makes a staff account.
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
        return Err(CoreError::new(Problem::ValidationFailed, "The input is not valid."));
    };
    let password_hash = core.passwords.hash(password, &email).await?;
    let mut tx = core.store.begin_system().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    if tx
        .staff_by_email(&email)
        .await?
        .iter()
        .any(|account| account.tenant_id == tenant.uuid())
    {
        return Err(CoreError::field(
            "email",
            "taken",
            "There is an account with this address in this tenant.",
        ));
    }
    let new = NewStaff {
        email: &email,
        display_name: &display_name,
        role,
        password_hash: &password_hash,
        locale: None,
        skills: &[],
    };
    let id = tx.insert_staff(tenant, &new).await?;
    tx.audit(tenant, "operator", "staff.created", &id.to_string()).await?;
    Ok(tx.commit().await?)
}

/// Locks or unlocks every account, whatever its door, with this address in a tenant; locking ends its sessions.
///
/// # Errors
/// `not_found`.
pub async fn lock_account(core: &Core, slug: &str, email: &str, locked: bool) -> CoreResult<()> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let mut tx = core.store.begin_system().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    let action = if locked { "account.locked" } else { "account.unlocked" };
    let mut found = false;
    for account in tx
        .staff_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.lock_staff(tenant, account.id.0, locked).await?;
        tx.audit(tenant, "operator", action, &account.id.to_string()).await?;
        found = true;
    }
    for account in tx
        .portal_users_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.lock_portal_user(tenant, account.id.0, locked).await?;
        tx.audit(tenant, "operator", action, &account.id.to_string()).await?;
        found = true;
    }
    for account in tx
        .partners_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.lock_partner(tenant, account.id.0, locked).await?;
        tx.audit(tenant, "operator", action, &account.id.to_string()).await?;
        found = true;
    }
    if !found {
        return Err(CoreError::not_found());
    }
    Ok(tx.commit().await?)
}

/// Sets a new password for every account, whatever its door, with this address in a tenant and ends its sessions.
///
/// # Errors
/// Field `password`; `not_found`.
pub async fn reset_password(core: &Core, slug: &str, email: &str, password: &SecretString) -> CoreResult<()> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let password_hash = core.passwords.hash(password, &email).await?;
    let mut tx = core.store.begin_system().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    let mut found = false;
    for account in tx
        .staff_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.set_staff_password(tenant, account.id.0, &password_hash).await?;
        tx.audit(tenant, "operator", "account.password_reset", &account.id.to_string())
            .await?;
        found = true;
    }
    for account in tx
        .portal_users_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.set_portal_password(tenant, account.id.0, &password_hash).await?;
        tx.audit(tenant, "operator", "account.password_reset", &account.id.to_string())
            .await?;
        found = true;
    }
    for account in tx
        .partners_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        tx.set_partner_password(tenant, account.id.0, &password_hash).await?;
        tx.audit(tenant, "operator", "account.password_reset", &account.id.to_string())
            .await?;
        found = true;
    }
    if !found {
        return Err(CoreError::not_found());
    }
    Ok(tx.commit().await?)
}

/// Revokes every grant of the portal accounts with this address in a tenant; it takes effect on their next request.
///
/// # Errors
/// `not_found`.
pub async fn revoke_grants(core: &Core, slug: &str, email: &str) -> CoreResult<u64> {
    let email = text::email(email).map_err(|_| CoreError::not_found())?;
    let mut tx = core.store.begin_system().await?;
    let tenant = find_tenant(&mut tx, slug).await?;
    let mut revoked = 0;
    for account in tx
        .portal_users_by_email(&email)
        .await?
        .into_iter()
        .filter(|account| account.tenant_id == tenant.uuid())
    {
        revoked += tx.revoke_grants(tenant, account.id.0).await?;
        tx.audit(tenant, "operator", "grant.revoked", &account.id.to_string())
            .await?;
    }
    if revoked == 0 {
        return Err(CoreError::not_found());
    }
    tx.commit().await?;
    Ok(revoked)
}

/// Replaces the master key. The file holds both keys until every secret is encrypted anew, so a crash in between loses
/// nothing. Servers must be restarted afterwards. Sessions end, because their cookies are signed under the old key.
///
/// # Errors
/// The key file or a stored secret cannot be read.
pub async fn rotate_master_key(core: &Core, path: &Path) -> CoreResult<usize> {
    let broken = |error: crate::secrets::SecretError| CoreError::new(Problem::InternalError, error.to_string());
    let mut ring = Keyring::open(path).map_err(broken)?;
    ring.add_key(&core.randomness);
    ring.write(path).map_err(broken)?;
    let mut tx = core.store.begin_system().await?;
    let secrets = tx.webhook_secrets().await?;
    let count = secrets.len();
    for (tenant, row, secret, signing_key) in secrets {
        let anew = |closed: &[u8], kind| {
            let place = place(kind, tenant, row);
            let plain = ring.open_value(closed, &place).map_err(broken)?;
            ring.close(&plain, &place, &core.randomness).map_err(broken)
        };
        let secret = anew(&secret, SECRET_PLACE)?;
        let signing_key = signing_key.map(|closed| anew(&closed, KEY_PLACE)).transpose()?;
        tx.set_webhook_secret(tenant, row, &secret, signing_key.as_deref())
            .await?;
    }
    let mut after = (uuid::Uuid::nil(), uuid::Uuid::nil());
    loop {
        let tokens = tx.tracking_tokens(after, 1_000).await?;
        let Some(last) = tokens.last() else {
            break;
        };
        after = (last.0, last.1);
        for (tenant, row, closed) in tokens {
            let place = crate::intake::place(tenant, row);
            let plain = ring.open_value(&closed, &place).map_err(broken)?;
            let closed = ring.close(&plain, &place, &core.randomness).map_err(broken)?;
            tx.set_tracking_token(tenant, row, &closed).await?;
        }
    }
    crate::portal_access::links::encrypt_anew(&mut tx, &ring, core).await?;
    for tenant in tx.tenant_ids().await? {
        tx.audit(tenant, "operator", "master_key.rotated", "key").await?;
    }
    tx.commit().await?;
    ring.retire_old_keys();
    ring.write(path).map_err(broken)?;
    Ok(count)
}

async fn find_tenant(tx: &mut SystemTx<'_>, slug: &str) -> CoreResult<TenantId> {
    tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)
}
