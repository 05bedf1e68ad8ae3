//! `ordinavo admin`: manages tenants, accounts and the master key.

use clap::Subcommand;
use domain::identity::roles::Role;
use domain::locale::Locale;
use ordinavo_core::identity;
use ordinavo_core::identity::{administration, passkeys};
use ordinavo_core::installation::key_rotation;
use ordinavo_core::installation::key_rotation::{Rotation, Step};
use ordinavo_core::notifications::held;
use ordinavo_core::notifications::held::HeldDecision;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::{Core, CoreError};
use secrecy::SecretString;

use super::listing;
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
    /// Delete a tenant with everything that belongs to it; back up first
    DeleteTenant {
        /// Slug of the tenant
        tenant: String,
        /// The slug again
        #[arg(long)]
        confirm: String,
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
    /// Remove the passkeys of an email address and end its sessions, for a person whose devices were lost or stolen
    RemovePasskeys {
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
    /// List the tenants
    ListTenants {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// List the accounts of a tenant with their roles and sessions
    ListUsers {
        /// Slug of the tenant
        tenant: String,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// End all sessions, feeds and links of the accounts of an email address
    EndSessions {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// Set the role of a staff account and end its sessions
    SetRole {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
        /// Role: admin, manager, dispatcher, technician or auditor
        role: String,
    },
    /// List the emails that are held because they were due for more than a day before the first attempt
    HeldMails {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Send the held emails of a tenant
    SendHeldMails {
        /// Slug of the tenant
        tenant: String,
    },
    /// Drop the held emails of a tenant
    DropHeldMails {
        /// Slug of the tenant
        tenant: String,
    },
    /// Replace the master key and encrypt all secrets under the new one, while servers run
    RotateMasterKey {
        /// Only add the new key to the file, to copy it to other machines before the next step
        #[arg(long, conflicts_with = "finish")]
        prepare: bool,
        /// Remove the old key, after all servers and workers were restarted
        #[arg(long)]
        finish: bool,
    },
}

const ROLES: &str = "role: must be admin, manager, dispatcher, technician or auditor";

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
            let role = Role::from_name(&role).ok_or(ROLES)?;
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
        Admin::DeleteTenant { tenant, confirm } => {
            administration::delete_tenant(&core, &tenant, &confirm)
                .await
                .map_err(error_message)?;
            println!("Deleted tenant {tenant}. A running worker deletes its files within about a day.");
        }
        Admin::RemovePasskeys { tenant, email } => {
            let removed = passkeys::removal::remove_all(&core, &tenant, &email)
                .await
                .map_err(error_message)?;
            println!("Removed {removed} passkeys of {email} and ended all of its sessions.");
        }
        Admin::RevokeGrants { tenant, email } => {
            let revoked = administration::revoke_grants(&core, &tenant, &email)
                .await
                .map_err(error_message)?;
            println!("Revoked {revoked} grants of {email}.");
        }
        Admin::ListTenants { json } => listing::print_tenants(&core, json).await?,
        Admin::ListUsers { tenant, json } => listing::print_users(&core, &tenant, json).await?,
        Admin::EndSessions { tenant, email } => {
            let sessions = identity::listing::end_sessions(&core, &tenant, &email)
                .await
                .map_err(error_message)?;
            println!("Ended {sessions} sessions of {email}.");
        }
        Admin::SetRole { tenant, email, role } => {
            let role = Role::from_name(&role).ok_or(ROLES)?;
            identity::listing::set_role(&core, &tenant, &email, role)
                .await
                .map_err(error_message)?;
            println!("{email} is {} now and has to sign in again.", role.name());
        }
        Admin::HeldMails { json } => print_held_mails(&core, json).await?,
        Admin::SendHeldMails { tenant } => decide_held_mails(&core, &tenant, HeldDecision::Send).await?,
        Admin::DropHeldMails { tenant } => decide_held_mails(&core, &tenant, HeldDecision::Drop).await?,
        Admin::RotateMasterKey { prepare, finish } => {
            let step = match (prepare, finish) {
                (true, _) => Step::Prepare,
                (_, true) => Step::Finish,
                _ => Step::Reseal,
            };
            rotate_master_key(&core, config, step).await?;
        }
    }
    core.store().close().await;
    Ok(())
}

async fn rotate_master_key(core: &Core, config: &Config, step: Step) -> Result<(), String> {
    let path = &config.secret_key_file;
    let done = key_rotation::rotate(core, path, step).await.map_err(error_message)?;
    match (done, step) {
        (Rotation::Prepared, _) => {
            println!(
                "Added a key to {}. Copy the file to all machines, then run the command without --prepare.",
                path.display()
            );
        }
        (Rotation::Resealed(count), Step::Finish) => {
            println!(
                "Removed the old key; {count} secrets are encrypted under the new one. Copy the key file to all machines and restart all servers; users have to sign in again."
            );
        }
        (Rotation::Resealed(count), _) => println!(
            "Encrypted {count} secrets under a new master key. Restart all servers and workers, then run the command with \
             --finish."
        ),
        (Rotation::WrongStep, Step::Finish) => return Err("there is no rotation to finish".to_owned()),
        (Rotation::WrongStep, _) => {
            return Err(
                "the last rotation is not finished: restart all servers and workers, then use --finish".to_owned(),
            );
        }
    }
    Ok(())
}

async fn print_held_mails(core: &Core, json: bool) -> Result<(), String> {
    let found = held::count_all(core).await.map_err(error_message)?;
    if json {
        let rows: Vec<_> = found
            .iter()
            .map(
                |(tenant, mails)| serde_json::json!({ "tenant": tenant, "count": mails.count, "oldest": mails.oldest }),
            )
            .collect();
        let text = serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?;
        println!("{text}");
        return Ok(());
    }
    for (tenant, mails) in found {
        let oldest = mails
            .oldest
            .map(|at| format!(", the oldest due since {}", at.format("%Y-%m-%d")))
            .unwrap_or_default();
        println!("{tenant}: {}{oldest}", mails.count);
    }
    Ok(())
}

async fn decide_held_mails(core: &Core, tenant: &str, decision: HeldDecision) -> Result<(), String> {
    let count = held::decide_all(core, tenant, decision).await.map_err(error_message)?;
    match decision {
        HeldDecision::Send => println!("Queued {count} emails of {tenant}."),
        HeldDecision::Drop => println!("Dropped {count} emails of {tenant}."),
    }
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

pub fn error_message(error: CoreError) -> String {
    crate::api::texts::sentences(&error)
}
