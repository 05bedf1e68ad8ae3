//! `ordinavo admin`.

use clap::Subcommand;
use domain::locale::Locale;
use domain::roles::Role;
use ordinavo_core::CoreError;
use ordinavo_core::identity::administration;
use ordinavo_core::randomness::Randomness;
use secrecy::SecretString;

use super::start;
use crate::config::Config;

/// What an operator can do.
#[derive(Subcommand)]
pub enum Admin {
    /// Make a tenant.
    CreateTenant {
        /// Short name: lower-case letters, digits, hyphens.
        slug: String,
        /// Name on screen.
        name: String,
        /// IANA zone.
        #[arg(long, default_value = "Europe/Berlin")]
        zone: String,
        /// en, de or ar.
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Make a staff account; prints a new password unless ADMIN_PASSWORD holds one.
    CreateUser {
        /// The tenant's slug.
        tenant: String,
        /// E-mail for sign-in.
        email: String,
        /// Name on screen.
        name: String,
        /// admin, manager, dispatcher, technician or auditor.
        role: String,
    },
    /// Lock the accounts of an address; their sessions end.
    LockUser {
        /// The tenant's slug.
        tenant: String,
        /// E-mail.
        email: String,
    },
    /// Unlock the accounts of an address.
    UnlockUser {
        /// The tenant's slug.
        tenant: String,
        /// E-mail.
        email: String,
    },
    /// Set a new password and end every session; prints it unless ADMIN_PASSWORD holds one.
    ResetPassword {
        /// The tenant's slug.
        tenant: String,
        /// E-mail.
        email: String,
    },
    /// Revoke every portal grant of an address; takes effect on the next request.
    RevokeGrants {
        /// The tenant's slug.
        tenant: String,
        /// E-mail.
        email: String,
    },
    /// Replace the master key and encrypt every secret anew; restart the servers afterwards.
    RotateMasterKey,
}

/// Runs a command of an operator.
///
/// # Errors
/// What is wrong, by field.
pub async fn execute(command: Admin, config: &Config) -> Result<(), String> {
    let (core, _) = start::core(config, true).await?;
    match command {
        Admin::CreateTenant {
            slug,
            name,
            zone,
            language,
        } => {
            let locale = Locale::from_tag(&language).ok_or("language: en, de or ar is required")?;
            administration::create_tenant(&core, &slug, &name, &zone, locale)
                .await
                .map_err(in_words)?;
            println!(
                "Tenant {slug} is there. Next: ordinavo admin create-user {slug} you@example.org \"Your Name\" admin"
            );
        }
        Admin::CreateUser {
            tenant,
            email,
            name,
            role,
        } => {
            let role =
                Role::from_name(&role).ok_or("role: admin, manager, dispatcher, technician or auditor is required")?;
            let (password, is_new) = password()?;
            administration::create_staff(&core, &tenant, &email, &name, role, &password.clone().into())
                .await
                .map_err(in_words)?;
            announce(&email, &password, is_new);
        }
        Admin::LockUser { tenant, email } => {
            administration::lock_account(&core, &tenant, &email, true)
                .await
                .map_err(in_words)?;
            println!("{email} is locked; every session of it has ended.");
        }
        Admin::UnlockUser { tenant, email } => {
            administration::lock_account(&core, &tenant, &email, false)
                .await
                .map_err(in_words)?;
            println!("{email} is unlocked.");
        }
        Admin::ResetPassword { tenant, email } => {
            let (password, is_new) = password()?;
            administration::reset_password(&core, &tenant, &email, &SecretString::from(password.clone()))
                .await
                .map_err(in_words)?;
            announce(&email, &password, is_new);
        }
        Admin::RevokeGrants { tenant, email } => {
            let revoked = administration::revoke_grants(&core, &tenant, &email)
                .await
                .map_err(in_words)?;
            println!("{revoked} grants of {email} are revoked.");
        }
        Admin::RotateMasterKey => {
            let count = administration::rotate_master_key(&core, &config.secret_key_file)
                .await
                .map_err(in_words)?;
            println!("{count} secrets are encrypted under a new key. Restart the servers now; people sign in again.");
        }
    }
    core.store().close().await;
    Ok(())
}

/// A password from the environment, or a new one.
fn password() -> Result<(String, bool), String> {
    match std::env::var("ADMIN_PASSWORD") {
        Ok(password) => Ok((password, false)),
        Err(_) => Ok((Randomness::from_system().token().chars().take(20).collect(), true)),
    }
}

fn announce(email: &str, password: &str, is_new: bool) {
    if is_new {
        println!("{email} signs in with {password}");
    } else {
        println!("{email} signs in with the given password.");
    }
}

fn in_words(error: CoreError) -> String {
    if error.fields.is_empty() {
        return error.detail;
    }
    error
        .fields
        .iter()
        .map(|field| format!("{}: {}", field.pointer, field.detail))
        .collect::<Vec<_>>()
        .join("\n")
}
