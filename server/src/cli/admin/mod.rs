//! `ordinavo admin`: manages tenants, accounts, emails, deliveries and the master key.

mod accounts;
mod queues;
mod tenants;

use clap::Subcommand;
use domain::problems::Cause;
use ordinavo_core::installation::key_rotation;
use ordinavo_core::installation::key_rotation::{Rotation, Step};
use ordinavo_core::{Core, CoreError};
use serde_json::json;

use super::answer::Answer;
use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// The administration commands.
#[derive(Subcommand)]
pub enum Admin {
    #[command(flatten)]
    Tenants(tenants::TenantCommands),
    #[command(flatten)]
    Accounts(accounts::Accounts),
    #[command(flatten)]
    Queues(queues::Queues),
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

/// Runs an administration command and prints its answer.
pub async fn execute(command: Admin, config: &Config, as_json: bool) -> Result<(), String> {
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    let outcome = answer(command, &core, config).await;
    core.store().close().await;
    outcome?.print(as_json)
}

async fn answer(command: Admin, core: &Core, config: &Config) -> Result<Answer, String> {
    match command {
        Admin::Tenants(command) => tenants::answer(command, core).await,
        Admin::Accounts(command) => accounts::answer(command, core).await,
        Admin::Queues(command) => queues::answer(command, core).await,
        Admin::RotateMasterKey { prepare, finish } => {
            let step = match (prepare, finish) {
                (true, _) => Step::Prepare,
                (_, true) => Step::Finish,
                _ => Step::Reseal,
            };
            rotate_master_key(core, config, step).await
        }
    }
}

async fn rotate_master_key(core: &Core, config: &Config, step: Step) -> Result<Answer, String> {
    let path = config.secret_key_file.display();
    let done = key_rotation::rotate(core, &config.secret_key_file, step)
        .await
        .map_err(error_message)?;
    Ok(match (done, step) {
        (Rotation::Prepared, _) => Answer::new(
            format!("Added a key to {path}. Copy the file to all machines, then run the command without --prepare."),
            json!({ "step": "prepare" }),
        ),
        (Rotation::Resealed(count), Step::Finish) => Answer::new(
            format!(
                "Removed the old key; {count} secrets are encrypted under the new one. Copy the key file to all machines and \
                 restart all servers; users have to sign in again."
            ),
            json!({ "step": "finish", "secrets": count }),
        ),
        (Rotation::Resealed(count), _) => Answer::new(
            format!(
                "Encrypted {count} secrets under a new master key. Restart all servers and workers, then run the command with \
                 --finish."
            ),
            json!({ "step": "reseal", "secrets": count }),
        ),
        (Rotation::WrongStep, Step::Finish) => return Err("there is no rotation to finish".to_owned()),
        (Rotation::WrongStep, _) => {
            return Err(
                "the last rotation is not finished: restart all servers and workers, then use --finish".to_owned(),
            );
        }
    })
}

pub fn error_message(error: CoreError) -> String {
    if error.cause == Cause::NotFound {
        return "not found: there is no such tenant, account or record (`ordinavo admin list-tenants`, `list-users`), or nothing \
                to change"
            .to_owned();
    }
    crate::api::texts::sentences(&error)
}
