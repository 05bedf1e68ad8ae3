//! Commands for accounts, their sessions and what they may do.

use clap::Subcommand;
use domain::identity::roles::Role;
use ordinavo_core::Core;
use ordinavo_core::identity::listing::AccountSummary;
use ordinavo_core::identity::{account_deletion, administration, listing, passkeys};
use ordinavo_core::randomness::Randomness;
use secrecy::SecretString;
use serde_json::json;

use super::error_message;
use crate::cli::answer::Answer;

const ROLES: &str = "role: must be admin, manager, dispatcher, technician or auditor";

/// The commands for accounts.
#[derive(Subcommand)]
pub enum Accounts {
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
    /// Delete the accounts of an email address; what they did stays, without name and address
    DeleteUser {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the accounts
        email: String,
        /// The email address again
        #[arg(long)]
        confirm: String,
    },
    /// List the accounts of a tenant with their roles and sessions
    ListUsers {
        /// Slug of the tenant
        tenant: String,
    },
    /// List the sessions of the accounts of an email address
    ListSessions {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
    },
    /// End one session
    EndSession {
        /// Slug of the tenant
        tenant: String,
        /// Email address of the account
        email: String,
        /// The session, as list-sessions prints it
        session: String,
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
}

pub async fn answer(command: Accounts, core: &Core) -> Result<Answer, String> {
    match command {
        Accounts::CreateUser {
            tenant,
            email,
            name,
            role,
        } => create_user(core, &tenant, &email, &name, &role).await,
        Accounts::ResetPassword { tenant, email } => {
            let (password, is_generated) = password();
            administration::reset_password(core, &tenant, &email, &SecretString::from(password.clone()))
                .await
                .map_err(error_message)?;
            Ok(credentials(&email, &password, is_generated))
        }
        Accounts::LockUser { tenant, email } => {
            administration::lock_account(core, &tenant, &email, true)
                .await
                .map_err(error_message)?;
            let text = format!("Locked {email} and ended all of its sessions.");
            let answer = Answer::new(text, json!({ "email": email, "isLocked": true }));
            warn_without_administrator(core, &tenant, answer).await
        }
        Accounts::UnlockUser { tenant, email } => {
            administration::lock_account(core, &tenant, &email, false)
                .await
                .map_err(error_message)?;
            let text = format!("Unlocked {email}.");
            Ok(Answer::new(text, json!({ "email": email, "isLocked": false })))
        }
        Accounts::TurnOffTwoFactor { tenant, email } => {
            administration::turn_off_two_factor(core, &tenant, &email)
                .await
                .map_err(error_message)?;
            let text = format!("Turned off two-factor authentication of {email} and ended all of its sessions.");
            Ok(Answer::new(text, json!({ "email": email, "twoFactor": false })))
        }
        Accounts::RemovePasskeys { tenant, email } => {
            let removed = passkeys::removal::remove_all(core, &tenant, &email)
                .await
                .map_err(error_message)?;
            let text = format!("Removed {removed} passkeys of {email} and ended all of its sessions.");
            Ok(Answer::new(text, json!({ "email": email, "removed": removed })))
        }
        Accounts::RevokeGrants { tenant, email } => {
            let revoked = administration::revoke_grants(core, &tenant, &email)
                .await
                .map_err(error_message)?;
            let text = format!("Revoked {revoked} grants of {email}.");
            Ok(Answer::new(text, json!({ "email": email, "revoked": revoked })))
        }
        Accounts::SetRole { tenant, email, role } => {
            let role = Role::from_name(&role).ok_or(ROLES)?;
            listing::set_role(core, &tenant, &email, role)
                .await
                .map_err(error_message)?;
            let text = format!("{email} is {} now and has to sign in again.", role.name());
            let answer = Answer::new(text, json!({ "email": email, "role": role.name() }));
            warn_without_administrator(core, &tenant, answer).await
        }
        Accounts::DeleteUser { tenant, email, confirm } => {
            let deleted = account_deletion::delete_accounts(core, &tenant, &email, &confirm)
                .await
                .map_err(error_message)?;
            let text = format!("Deleted the accounts of {email} and ended all of their sessions.");
            let answer = Answer::new(text, json!({ "email": email, "deleted": deleted }));
            warn_without_administrator(core, &tenant, answer).await
        }
        Accounts::ListUsers { tenant } => list_users(core, &tenant).await,
        Accounts::ListSessions { tenant, email } => list_sessions(core, &tenant, &email).await,
        Accounts::EndSession { tenant, email, session } => {
            listing::end_session(core, &tenant, &email, &session)
                .await
                .map_err(error_message)?;
            let text = format!("Ended the session of {email}.");
            Ok(Answer::new(text, json!({ "email": email, "ended": 1 })))
        }
        Accounts::EndSessions { tenant, email } => {
            let ended = listing::end_sessions(core, &tenant, &email)
                .await
                .map_err(error_message)?;
            let text = format!("Ended {ended} sessions of {email}.");
            Ok(Answer::new(text, json!({ "email": email, "ended": ended })))
        }
    }
}

/// Says that nothing can be set any more on the pages of a tenant whose last administrator is gone.
async fn warn_without_administrator(core: &Core, tenant: &str, answer: Answer) -> Result<Answer, String> {
    let accounts = listing::accounts(core, tenant).await.map_err(error_message)?;
    let is_administrator =
        |account: &AccountSummary| !account.is_locked && account.role.as_deref() == Some(Role::Admin.name());
    Ok(if accounts.iter().any(is_administrator) {
        answer
    } else {
        answer.with_warning(&format!(
            "{tenant} has no administrator any more: use set-role, unlock-user or create-user with the role admin."
        ))
    })
}

async fn create_user(core: &Core, tenant: &str, email: &str, name: &str, role: &str) -> Result<Answer, String> {
    let role = Role::from_name(role).ok_or(ROLES)?;
    let (password, is_generated) = password();
    administration::create_staff(core, tenant, email, name, role, &password.clone().into())
        .await
        .map_err(error_message)?;
    Ok(credentials(email, &password, is_generated))
}

async fn list_users(core: &Core, tenant: &str) -> Result<Answer, String> {
    let accounts = listing::accounts(core, tenant).await.map_err(error_message)?;
    let text = accounts
        .iter()
        .map(|account| {
            format!(
                "{:<8} {:<40} {:<12} {}{} sessions\n",
                account.realm.name(),
                account.email,
                account.role.as_deref().unwrap_or_default(),
                if account.is_locked { "locked, " } else { "" },
                account.sessions
            )
        })
        .collect::<String>();
    let rows = accounts.iter().map(|account| {
        json!({
            "realm": account.realm.name(), "id": account.id.to_string(), "email": account.email, "role": account.role,
            "isLocked": account.is_locked, "lastSignInAt": account.last_sign_in_at, "sessions": account.sessions,
        })
    });
    Ok(Answer::new(text, rows.collect()))
}

async fn list_sessions(core: &Core, tenant: &str, email: &str) -> Result<Answer, String> {
    let sessions = listing::sessions(core, tenant, email).await.map_err(error_message)?;
    let text = sessions
        .iter()
        .map(|session| {
            format!(
                "{} {:<8} last used {} {}{}\n",
                session.reference,
                session.realm.name(),
                session.last_seen_at.format("%Y-%m-%d %H:%M UTC"),
                session.agent,
                if session.is_view_as { " (view-as)" } else { "" },
            )
        })
        .collect::<String>();
    let rows = sessions.iter().map(|session| {
        json!({
            "session": session.reference, "realm": session.realm.name(), "agent": session.agent,
            "isViewAs": session.is_view_as, "signedInAt": session.signed_in_at, "lastUsedAt": session.last_seen_at,
        })
    });
    Ok(Answer::new(text, rows.collect()))
}

/// Returns the password from the environment or a generated one, and whether it was generated.
fn password() -> (String, bool) {
    match std::env::var("ADMIN_PASSWORD") {
        Ok(password) => (password, false),
        Err(_) => (Randomness::from_system().token().chars().take(20).collect(), true),
    }
}

fn credentials(email: &str, password: &str, is_generated: bool) -> Answer {
    if is_generated {
        let text = format!("Password for {email}: {password}");
        Answer::new(text, json!({ "email": email, "password": password }))
    } else {
        let text = format!("Password for {email}: set from ADMIN_PASSWORD");
        Answer::new(text, json!({ "email": email }))
    }
}
