//! The lists of `ordinavo admin`.

use ordinavo_core::Core;
use ordinavo_core::identity::listing;
use serde_json::{Value, json};

use super::admin::error_message;

/// Prints the tenants.
pub async fn print_tenants(core: &Core, json: bool) -> Result<(), String> {
    let tenants = listing::tenants(core).await.map_err(error_message)?;
    if json {
        let rows = tenants.iter().map(|tenant| {
            json!({
                "slug": tenant.slug, "name": tenant.name, "zone": tenant.zone, "language": tenant.locale,
                "isDemo": tenant.is_demo, "staff": tenant.staff, "portalAccounts": tenant.portal_accounts,
            })
        });
        return print_json(rows.collect());
    }
    for tenant in tenants {
        println!(
            "{:<24} {} ({} staff, {} portal accounts)",
            tenant.slug, tenant.name, tenant.staff, tenant.portal_accounts
        );
    }
    Ok(())
}

/// Prints the accounts of a tenant.
pub async fn print_users(core: &Core, tenant: &str, json: bool) -> Result<(), String> {
    let accounts = listing::accounts(core, tenant).await.map_err(error_message)?;
    if json {
        let rows = accounts.iter().map(|account| {
            json!({
                "realm": account.realm, "id": account.id.to_string(), "email": account.email, "role": account.role,
                "isLocked": account.is_locked, "lastSignInAt": account.last_sign_in_at, "sessions": account.sessions,
            })
        });
        return print_json(rows.collect());
    }
    for account in accounts {
        println!(
            "{:<8} {:<40} {:<12} {}{} sessions",
            account.realm,
            account.email,
            account.role.unwrap_or_default(),
            if account.is_locked { "locked, " } else { "" },
            account.sessions
        );
    }
    Ok(())
}

fn print_json(rows: Vec<Value>) -> Result<(), String> {
    let text = serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?;
    println!("{text}");
    Ok(())
}
