//! `ordinavo audit`: verifies the audit log and signs checkpoints of it.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use domain::problems::Cause;
use ordinavo_core::audit::verification;
use ordinavo_core::audit::verification::{ChainProblem, CheckpointFile, Checkpoints, TenantVerification};
use ordinavo_core::{Core, CoreError};

use serde_json::json;

use super::answer::Answer;
use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// The commands of the audit log.
#[derive(Subcommand)]
pub enum Audit {
    /// Verify the audit log and sign its last entries; keep the file on another machine
    Checkpoint {
        /// New file for the checkpoint; standard output if missing
        file: Option<PathBuf>,
        /// Print the name of the new file as JSON; a checkpoint on standard output is JSON anyway
        #[arg(long)]
        json: bool,
    },
    /// Verify the audit log against its counter, its last checkpoint and checkpoint files
    Verify {
        /// Slug of the tenant; all tenants if missing
        #[arg(long)]
        tenant: Option<String>,
        /// A file that `ordinavo audit checkpoint` wrote; may be repeated
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Record once that the entries so far were written by a version without a key
    Adopt {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command of the audit log.
pub async fn execute(command: Audit, config: &Config) -> Result<(), String> {
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    let outcome = run(command, &core).await;
    core.store().close().await;
    outcome
}

async fn run(command: Audit, core: &Core) -> Result<(), String> {
    match command {
        Audit::Checkpoint { file, json } => checkpoint(core, file.as_deref(), json).await,
        Audit::Verify {
            tenant,
            checkpoint,
            json,
        } => {
            let files = checkpoint
                .iter()
                .map(|path| read(path))
                .collect::<Result<Vec<_>, _>>()?;
            let results = verification::verify_all(core, tenant.as_deref(), &files)
                .await
                .map_err(|error| error_message(&error))?;
            if json {
                outln!("{}", to_json(&results)?);
            } else {
                results.iter().for_each(print_result);
            }
            for (path, file) in checkpoint.iter().zip(&files) {
                ensure_used(path, file, &results)?;
            }
            fail_if_broken(&results)
        }
        Audit::Adopt { json } => match verification::adopt_chains(core).await {
            Ok(Some(count)) => {
                let text = format!("The logs of {count} tenants continue with keyed entries.");
                Answer::new(text, json!({ "tenants": count })).print(json)
            }
            Ok(None) => Err("the entries of the earlier version were recorded before".to_owned()),
            Err(error) => Err(error_message(&error)),
        },
    }
}

async fn checkpoint(core: &Core, file: Option<&Path>, json: bool) -> Result<(), String> {
    // An existing checkpoint is evidence, and must not be replaced.
    if let Some(path) = file.filter(|path| path.exists()) {
        return Err(format!("{}: already exists; choose a new file", path.display()));
    }
    match verification::checkpoint(core)
        .await
        .map_err(|error| error_message(&error))?
    {
        Checkpoints::Broken(results) => {
            results.iter().for_each(print_result);
            fail_if_broken(&results)
        }
        Checkpoints::Signed(signed) => {
            let text = to_json(&signed)? + "\n";
            match file {
                None => std::io::stdout()
                    .write_all(text.as_bytes())
                    .map_err(|error| error.to_string()),
                Some(path) => {
                    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?;
                    Answer::new("", json!({ "file": path })).print(json)
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<CheckpointFile, String> {
    let fail = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| fail(error.to_string()))?;
    let file: CheckpointFile = serde_json::from_str(&text).map_err(|error| fail(error.to_string()))?;
    match file.version {
        1 => Ok(file),
        version => Err(fail(format!("version {version} is unknown"))),
    }
}

/// Fails for a checkpoint without any of the verified tenants: it would prove nothing.
fn ensure_used(path: &Path, file: &CheckpointFile, results: &[TenantVerification]) -> Result<(), String> {
    let has = |result: &TenantVerification| {
        let id = result.tenant_id.to_string();
        file.chains.iter().any(|chain| chain.tenant_id == id)
    };
    if results.iter().any(has) {
        return Ok(());
    }
    Err(format!(
        "{}: is a checkpoint of other tenants or of another installation",
        path.display()
    ))
}

fn to_json(value: &impl serde::Serialize) -> Result<String, String> {
    serde_json::to_string_pretty(value).map_err(|error| error.to_string())
}

fn fail_if_broken(results: &[TenantVerification]) -> Result<(), String> {
    match results
        .iter()
        .filter(|result| result.verification.problem.is_some())
        .count()
    {
        0 => Ok(()),
        count => Err(format!("{count} audit logs are not intact")),
    }
}

/// Returns what is wrong with a chain as a sentence.
pub fn problem_sentence(problem: ChainProblem) -> String {
    match problem {
        ChainProblem::Entry { sequence } => {
            format!("entry {sequence} was changed or inserted, or an entry before it was removed")
        }
        ChainProblem::Missing { from, until } => format!("entries {from} to {until} are missing"),
        ChainProblem::Surplus { from } => format!("the entries from {from} on were not written by Ordinavo"),
        ChainProblem::UnknownKey { sequence } => format!("the key of entry {sequence} is missing"),
        ChainProblem::Checkpoint { sequence } => format!("the log differs from the checkpoint at entry {sequence}"),
        ChainProblem::Signature { sequence } => {
            format!("the checkpoint at entry {sequence} was changed after it was signed, or is of another installation")
        }
    }
}

fn print_result(result: &TenantVerification) {
    let verification = &result.verification;
    let until = verification
        .verified_until
        .map(|at| format!(" until {}", at.format("%Y-%m-%dT%H:%M:%SZ")))
        .unwrap_or_default();
    let checkpoint = verification.checkpoint.map_or_else(
        || "no checkpoint to compare with".to_owned(),
        |agreed| {
            format!(
                "agrees with the checkpoint of {} at entry {}",
                agreed.at.format("%Y-%m-%dT%H:%M:%SZ"),
                agreed.sequence
            )
        },
    );
    let older = match verification.keyed_from {
        1 => String::new(),
        first => format!("; entries before {first} have no key"),
    };
    let state = if verification.problem.is_some() { "FAIL" } else { "ok  " };
    outln!(
        "{state}  {}  {} entries verified{until}; {checkpoint}{older}",
        result.tenant,
        verification.verified
    );
    if let Some(problem) = verification.problem {
        outln!("      {}", problem_sentence(problem));
    }
}

fn error_message(error: &CoreError) -> String {
    if error.cause == Cause::NotFound {
        return "--tenant: there is no tenant with this slug; `ordinavo admin list-tenants` lists them".to_owned();
    }
    error.log();
    crate::api::texts::sentences(error)
}
