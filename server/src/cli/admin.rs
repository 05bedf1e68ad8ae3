//! `ordinavo admin`: manages tenants, accounts and the master key.

use clap::Subcommand;
use domain::identity::roles::Role;
use domain::locale::Locale;
use ordinavo_core::CoreError;
use ordinavo_core::identity::administration;
use ordinavo_core::randomness::Randomness;
use secrecy::SecretString;

use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// The administration commands.
#[derive(Subcommand)]
pub enum Admin {
    /// Create a tenant
    CreateTenant {
        /// Short name: lowercase letters, digits and hyphens
        slug: String,
        /// Display name
        name: String,
        /// IANA time zone
        #[arg(long, default_value = "Europe/Berlin")]
        zone: String,
        /// Language: en, de or ar
        #[arg(long, default_value = "en")]
        language: String,
    },
    /// Create a staff account; prints a generated password unless ADMIN_PASSWORD is set
    CreateUser {
        /// Slug of the tenant
        tenant: String,
        /// Email address for sign-in
        email: String,
        /// Display name
        name: String,
        /// Role: admin, manager, dispatcher, technician or auditor
        role: String,
    },
    /// Lock the accounts of an email address and end their sessions
    LockUser {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Unlock the accounts of an email address
    UnlockUser {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Reset a password and end all sessions; prints a generated password unless ADMIN_PASSWORD is set
    ResetPassword {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Turn off two-factor authentication of an email address and end its sessions, for a person who has lost phone and codes
    TurnOffTwoFactor {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Revoke all portal grants of an email address; takes effect on the next request
    RevokeGrants {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Replace the master key and re-encrypt all secrets; restart the servers afterwards
    RotateMasterKey,
}

/// Runs an administration command.
pub async fn execute(command: Admin, config: &Config) -> Result<(), String> {
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    match command {
        Admin::CreateTenant {
            slug,
            name,
            zone,
            language,
        } => {
            let locale = Locale::from_tag(&language).ok_or("language: must be en, de or ar")?;
            administration::create_tenant(&core, &slug, &name, &zone, locale)
                .await
                .map_err(error_message)?;
            println!(
                "Created tenant {slug}. Next: ordinavo admin create-user {slug} you@example.org \"Your Name\" admin"
            );
        }
        Admin::CreateUser {
            tenant,
            email,
            name,
            role,
        } => {
            let role =
                Role::from_name(&role).ok_or("role: must be admin, manager, dispatcher, technician or auditor")?;
            let (password, is_generated) = password()?;
            administration::create_staff(&core, &tenant, &email, &name, role, &password.clone().into())
                .await
                .map_err(error_message)?;
            print_credentials(&email, &password, is_generated);
        }
        Admin::LockUser { tenant, email } => {
            administration::lock_account(&core, &tenant, &email, true)
                .await
                .map_err(error_message)?;
            println!("Locked {email} and ended all of its sessions.");
        }
        Admin::UnlockUser { tenant, email } => {
            administration::lock_account(&core, &tenant, &email, false)
                .await
                .map_err(error_message)?;
            println!("Unlocked {email}.");
        }
        Admin::ResetPassword { tenant, email } => {
            let (password, is_generated) = password()?;
            administration::reset_password(&core, &tenant, &email, &SecretString::from(password.clone()))
                .await
                .map_err(error_message)?;
            print_credentials(&email, &password, is_generated);
        }
        Admin::TurnOffTwoFactor { tenant, email } => {
            administration::turn_off_two_factor(&core, &tenant, &email)
                .await
                .map_err(error_message)?;
            println!("Turned off two-factor authentication of {email} and ended all of its sessions.");
        }
        Admin::RevokeGrants { tenant, email } => {
            let revoked = administration::revoke_grants(&core, &tenant, &email)
                .await
                .map_err(error_message)?;
            println!("Revoked {revoked} grants of {email}.");
        }
        Admin::RotateMasterKey => {
            let count = administration::rotate_master_key(&core, &config.secret_key_file)
                .await
                .map_err(error_message)?;
            println!(
                "Re-encrypted {count} secrets with a new master key. Restart the servers now; all users have to sign in again."
            );
        }
    }
    core.store().close().await;
    Ok(())
}

/// Returns the password from the environment or a generated one, and whether it was generated.
fn password() -> Result<(String, bool), String> {
    match std::env::var("ADMIN_PASSWORD") {
        Ok(password) => Ok((password, false)),
        Err(_) => Ok((Randomness::from_system().token().chars().take(20).collect(), true)),
    }
}

fn print_credentials(email: &str, password: &str, is_generated: bool) {
    if is_generated {
        println!("Password for {email}: {password}");
    } else {
        println!("Password for {email}: set from ADMIN_PASSWORD");
    }
}

fn error_message(error: CoreError) -> String {
    crate::api::texts::sentences(&error)
}
