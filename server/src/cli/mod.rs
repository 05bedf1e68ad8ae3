//! The command-line interface.

/// Prints a line.
macro_rules! outln {
    ($($part:tt)*) => { crate::cli::print_line(format_args!($($part)*)) };
}

mod admin;
mod answer;
mod audit;
mod backup;
mod docs;
mod doctor;
mod in_use;
mod moving;
mod startup;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ordinavo_core::Process;
use ordinavo_core::demo;
use ordinavo_core::demo::{DemoAccounts, DemoSize};
use serde_json::json;
use tokio::sync::watch;

use self::startup::Opening;
use crate::api::texts;
use crate::config::Config;
use crate::health::Readiness;
use crate::mailer::Mailer;
use crate::{api, logging, ops, serve, worker};

/// The exit code of clap for invalid arguments.
const USAGE_ERROR: u8 = 2;

#[derive(Parser)]
#[command(
    name = "ordinavo",
    version,
    about = "Field service management, from the request to the visit report"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server; also runs the worker unless ORDINAVO_WORKER=false
    Serve,
    /// Start only the worker, for installations with several servers on PostgreSQL
    Worker,
    /// Apply pending database migrations
    Migrate {
        /// Also create a missing database and master key, for a new installation
        #[arg(long)]
        create: bool,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Fill an empty database with demo data and print the logins
    Demo {
        /// Print the logins as one JSON object
        #[arg(long)]
        json: bool,
        /// Delete existing demo data first; a database with other tenants is not changed
        #[arg(long)]
        reset: bool,
        /// Create a few days of data instead of four weeks
        #[arg(long)]
        small: bool,
    },
    /// Manage tenants, accounts, emails, deliveries and keys
    Admin {
        #[command(subcommand)]
        command: admin::Admin,
        /// Print the result as JSON
        #[arg(long, global = true)]
        json: bool,
    },
    /// Verify the audit log and sign checkpoints of it
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Back up database, files and master key to a new folder; the server can keep running
    Backup {
        /// Folder to create
        folder: std::path::PathBuf,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Restore a backup into an installation without a database
    Restore {
        /// Folder of the backup
        folder: std::path::PathBuf,
        /// Replace database, files and key of the installation; stop its servers first
        #[arg(long)]
        replace: bool,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy an SQLite database to an empty PostgreSQL database and compare each row; stop the servers first
    Move {
        /// URL of the database, with the role that owns the tables
        #[arg(long)]
        to: String,
        /// Print the number of rows of each table as JSON
        #[arg(long)]
        json: bool,
    },
    /// Check configuration, key, database, audit log, clock, disk, files and mail
    Doctor {
        /// Print the report as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a page of the documentation for operators; without a name, the list of pages
    Docs {
        /// Name of the page, such as install
        page: Option<String>,
        /// Print the page as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document, which is JSON
    Openapi {
        /// Accepted as for every command
        #[arg(long)]
        json: bool,
    },
}

/// Parses the arguments, runs the command and returns the exit code of the process.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no errors.
        Err(error) if error.use_stderr() && wants_json() => {
            eprintln!("{}", json!({ "error": error.to_string().trim_end() }));
            return ExitCode::from(USAGE_ERROR);
        }
        Err(error) => error.exit(),
    };
    // Does not need the configuration, which it explains.
    if let Command::Docs { page, json } = arguments.command {
        return match docs::answer(page.as_deref()).and_then(|answer| answer.print(json)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error),
        };
    }
    let config = match Config::read() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    logging::init(&config);
    match runtime.block_on(execute(arguments.command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// Checks the name and options of a command, without running it. Missing values are allowed.
///
/// # Errors
/// Returns the message for a command or option that does not exist.
pub fn check_command(words: &[String]) -> Result<(), String> {
    use clap::error::ErrorKind;
    match Arguments::try_parse_from(words) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion => Ok(()),
            _ => Err(error.to_string()),
        },
    }
}

/// Prints a line. A reader that has seen enough, such as `head`, ends nothing; a full disk ends the process, since what a command
/// prints may be shown once only.
fn print_line(line: std::fmt::Arguments<'_>) {
    use std::io::{ErrorKind, Write as _};
    let mut output = std::io::stdout();
    if let Err(error) = writeln!(output, "{line}").and_then(|()| output.flush())
        && error.kind() != ErrorKind::BrokenPipe
    {
        eprintln!("ordinavo: standard output: {error}");
        std::process::exit(1);
    }
}

/// Returns whether the caller is a program. The arguments may be invalid.
fn wants_json() -> bool {
    std::env::args().any(|argument| argument == "--json")
}

/// Prints an error, as JSON for a program that asked for it.
fn fail(error: &str) -> ExitCode {
    if wants_json() {
        eprintln!("{}", json!({ "error": error }));
    } else {
        eprintln!("ordinavo: {error}");
    }
    ExitCode::FAILURE
}

async fn execute(command: Command, config: Config) -> Result<(), String> {
    match command {
        Command::Serve => {
            let (core, keyring) = startup::open_for_service(&config, Process::Server, Opening::FirstStart).await?;
            serve::run(serve::AppState::new(core, config, &keyring), startup::shutdown_signal()).await
        }
        Command::Worker => {
            let (core, _) = startup::open_for_service(&config, Process::Worker, Opening::Upgrade).await?;
            ops::start(&core, &config, Readiness::of_worker(core.clone(), &config)).await?;
            let (stop, stopped) = watch::channel(false);
            let running = tokio::spawn(worker::run(
                core.clone(),
                config.settings()?,
                Mailer::open(&config)?,
                stopped,
            ));
            startup::shutdown_signal().await;
            let _ = stop.send(true);
            let rest = async {
                running.await.map_err(|error| error.to_string())??;
                core.store().close().await;
                Ok(())
            };
            // The database may be what does not answer. Claims that were not given back end by themselves.
            tokio::time::timeout(worker::STOP_TIMEOUT, rest)
                .await
                .unwrap_or_else(|_| {
                    tracing::warn!(
                        seconds = worker::STOP_TIMEOUT.as_secs(),
                        "stopped with work in progress; its claims end by themselves"
                    );
                    Ok(())
                })
        }
        Command::Migrate { create: false, json } => startup::migrate(&config).await?.print(json),
        Command::Migrate { create: true, json } => {
            let (core, _) = startup::open_core(&config, Opening::Create).await?;
            core.store().close().await;
            startup::created(&config).print(json)
        }
        Command::Demo { json, reset, small } => {
            let (core, _) = startup::open_core(&config, Opening::Create).await?;
            if reset {
                startup::ensure_may_delete_tenants(&core).await?;
            }
            let size = if small { DemoSize::Small } else { DemoSize::Full };
            let logins = demo::fill(&core, &config.public_url, size, reset)
                .await
                .map_err(|error| texts::sentences(&error))?;
            core.store().close().await;
            if json {
                outln!(
                    "{}",
                    serde_json::to_string_pretty(&logins).map_err(|error| error.to_string())?
                );
            } else {
                print_logins(&logins);
            }
            Ok(())
        }
        Command::Admin { command, json } => admin::execute(command, &config, json).await,
        Command::Audit(command) => audit::execute(command, &config).await,
        Command::Backup { folder, json } => backup::backup(&config, &folder).await?.print(json),
        Command::Restore { folder, replace, json } => backup::restore(&config, &folder, replace).await?.print(json),
        Command::Move { to, json } => moving::execute(&config, &to, json).await,
        Command::Doctor { json } => doctor::run_checks(&config, json).await,
        Command::Docs { page, json } => docs::answer(page.as_deref())?.print(json),
        Command::Openapi { json: _ } => {
            outln!(
                "{}",
                api::document().to_pretty_json().map_err(|error| error.to_string())?
            );
            Ok(())
        }
    }
}

/// Prints the demo logins as text.
fn print_logins(logins: &DemoAccounts) {
    for tenant in &logins.tenants {
        outln!("\n{} ({})", tenant.name, tenant.slug);
        outln!("  Staff: {}/app", logins.base_url);
        let mut roles: Vec<&str> = Vec::new();
        for account in &tenant.staff {
            if !roles.contains(&account.role.as_str()) {
                roles.push(&account.role);
                outln!("    {:<11} {:<34} {}", account.role, account.email, account.password);
            }
        }
        outln!("  Partners: {}/partner", logins.base_url);
        for account in &tenant.partners {
            outln!(
                "    {:<14} {} / {}",
                account.source_system,
                account.email,
                account.password
            );
        }
        outln!("  Portal users: {}/portal", logins.base_url);
        for account in &tenant.portal {
            outln!(
                "    {:<46} {}  grants: {}",
                account.email,
                account.password,
                account.grants.join(", ")
            );
        }
        outln!("  API: {}/api/v1", logins.base_url);
        for client in &tenant.clients {
            outln!("    {:<11} {}", client.name, client.api_key);
        }
    }
    outln!("");
}
