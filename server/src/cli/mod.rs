//! The command line.

mod admin;
mod backup;
mod doctor;
mod start;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ordinavo_core::demo;
use ordinavo_core::demo::{DemoBook, DemoSize};
use tokio::sync::watch;

use crate::config::Config;
use crate::mailer::Mailer;
use crate::{api, serve, worker};

#[derive(Parser)]
#[command(
    name = "ordinavo",
    version,
    about = "Field operations, from the request to the report."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the apps and the API; also sends webhooks unless ORDINAVO_WORKER=false.
    Serve,
    /// Only send webhooks; beside several servers on PostgreSQL.
    Worker,
    /// Bring the database's schema up to date.
    Migrate,
    /// Fill an empty database with demo data and print the ways in.
    Demo {
        /// Print one JSON object and nothing else.
        #[arg(long)]
        json: bool,
        /// Empty a demo database first; a database with real tenants is left alone.
        #[arg(long)]
        reset: bool,
        /// A few days of work instead of four weeks.
        #[arg(long)]
        small: bool,
    },
    /// Tenants, accounts, keys.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Copy database, files and key into a new folder, while the server runs.
    Backup {
        /// The new folder.
        folder: std::path::PathBuf,
    },
    /// Bring a backup back into an installation that has no database yet.
    Restore {
        /// The folder of the backup.
        folder: std::path::PathBuf,
    },
    /// Check configuration, database, files and mail, and say what to do.
    Doctor,
    /// Print the description of the API.
    Openapi,
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::read() {
        Ok(config) => config,
        Err(error) => return fail(&error),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.to_string()),
    };
    start::log(&config);
    match runtime.block_on(execute(arguments.command, config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("ordinavo: {error}");
    ExitCode::FAILURE
}

async fn execute(command: Command, config: Config) -> Result<(), String> {
    match command {
        Command::Serve => {
            let (core, keyring) = start::core(&config, true).await?;
            serve::run(serve::AppState::new(core, config, &keyring), start::signal()).await
        }
        Command::Worker => {
            let (core, _) = start::core(&config, true).await?;
            let (stop, stopped) = watch::channel(false);
            let running = tokio::spawn(worker::run(
                core.clone(),
                config.settings()?,
                Mailer::open(&config)?,
                stopped,
            ));
            start::signal().await;
            let _ = stop.send(true);
            running.await.map_err(|error| error.to_string())??;
            core.store().close().await;
            Ok(())
        }
        Command::Migrate => start::core(&config, true).await.map(drop),
        Command::Demo { json, reset, small } => {
            let (core, _) = start::core(&config, true).await?;
            let size = if small { DemoSize::Small } else { DemoSize::Full };
            let book = demo::fill(&core, &config.public_url, size, reset)
                .await
                .map_err(|error| error.detail)?;
            core.store().close().await;
            if json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&book).map_err(|error| error.to_string())?
                );
            } else {
                print_ways_in(&book);
            }
            Ok(())
        }
        Command::Admin(command) => admin::execute(command, &config).await,
        Command::Backup { folder } => backup::backup(&config, &folder).await,
        Command::Restore { folder } => backup::restore(&config, &folder).await,
        Command::Doctor => doctor::examine(&config).await,
        Command::Openapi => {
            println!(
                "{}",
                api::document().to_pretty_json().map_err(|error| error.to_string())?
            );
            Ok(())
        }
    }
}

/// The ways in, for people.
fn print_ways_in(book: &DemoBook) {
    for tenant in &book.tenants {
        println!("\n{} ({})", tenant.name, tenant.slug);
        println!("  Team, at {}/app", book.base_url);
        let mut roles: Vec<&str> = Vec::new();
        for account in &tenant.staff {
            if !roles.contains(&account.role.as_str()) {
                roles.push(&account.role);
                println!("    {:<11} {:<34} {}", account.role, account.email, account.password);
            }
        }
        println!("  Partners, at {}/partner", book.base_url);
        for account in &tenant.partners {
            println!(
                "    {:<14} {} / {}",
                account.source_system, account.email, account.password
            );
        }
        println!("  Customers, at {}/portal", book.base_url);
        for account in &tenant.portal {
            println!(
                "    {:<46} {}  sees {}",
                account.email,
                account.password,
                account.grants.join(", ")
            );
        }
        println!("  API, at {}/api/v1", book.base_url);
        for client in &tenant.clients {
            println!("    {:<11} {}", client.name, client.api_key);
        }
    }
    println!();
}
