//! `ordinavo doctor`: checks the installation and suggests how to fix problems.

use std::time::Duration;

use lettre::{AsyncSmtpTransport, Tokio1Executor};

use ordinavo_core::Core;

use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// Checks configuration, database, files and mail, and prints a report.
///
/// # Errors
/// Returns the number of problems found.
pub async fn run_checks(config: &Config) -> Result<(), String> {
    let mut report = Report::default();
    report.ok("configuration", &format!("valid; public URL {}", config.public_url));
    if !config.is_https() && !config.listen.ip().is_loopback() {
        report.problem(
            "configuration",
            "the server listens on a public address without HTTPS",
            "put a reverse proxy with TLS in front and set ORDINAVO_PUBLIC_URL to its https URL",
        );
    }
    // A check creates nothing: an empty database would look like the lost one, and prevent a restore.
    match startup::open_core(config, Opening::Existing).await {
        Err(error) => report.problem(
            "start",
            &error,
            "docs/configuration.md lists the settings and their values",
        ),
        Ok((core, _)) => {
            report.ok("key", "belongs to the database");
            check_database(&core, &mut report).await;
            check_files(&core, &mut report).await;
            core.store().close().await;
        }
    }
    check_mail(config, &mut report).await;
    report.finish()
}

const DATABASE_ADVICE: &str = "check ORDINAVO_DATABASE_URL and whether the database is running";

async fn check_database(core: &Core, report: &mut Report) {
    match core.store().missing_migrations().await {
        Ok(0) => report.ok("database", "reachable, schema up to date"),
        Ok(missing) => report.problem(
            "database",
            &format!("{missing} migrations are pending"),
            "run: ordinavo migrate",
        ),
        Err(error) => report.problem("database", &error.to_string(), DATABASE_ADVICE),
    }
    match core.store().check_integrity().await.as_deref() {
        Ok("ok") => report.ok("database", "integrity check passed"),
        Ok(result) => report.problem("database", result, "restore the last backup: ordinavo restore"),
        Err(error) => report.problem("database", &error.to_string(), DATABASE_ADVICE),
    }
}

async fn check_files(core: &Core, report: &mut Report) {
    match core.files().check().await {
        Ok(()) => report.ok("files", "can be written, read and deleted"),
        Err(error) => report.problem(
            "files",
            &error,
            "check ORDINAVO_FILES, the folder permissions or the bucket credentials (AWS_*)",
        ),
    }
    match core.files().free_bytes() {
        None => {}
        Some(Ok(free)) if free >= core.min_free_bytes().saturating_mul(2) => {
            report.ok("disk", &format!("{} MiB free for files", free / 1024 / 1024));
        }
        Some(Ok(free)) => report.problem(
            "disk",
            &format!("{} MiB free for files", free / 1024 / 1024),
            "free disk space: uploads are rejected when the disk is almost full",
        ),
        Some(Err(error)) => report.problem("disk", &error.to_string(), "check the folder in ORDINAVO_FILES"),
    }
}

async fn check_mail(config: &Config, report: &mut Report) {
    match &config.smtp_url {
        None => report.ok("mail", "not configured: mails are not sent"),
        Some(address) => match check_smtp(address).await {
            Ok(()) => report.ok("mail", "connected to the SMTP server"),
            Err(error) => report.problem(
                "mail",
                &error,
                "check ORDINAVO_SMTP_URL, such as smtps://user:password@mail.example.org",
            ),
        },
    }
}

async fn check_smtp(address: &str) -> Result<(), String> {
    let transport: AsyncSmtpTransport<Tokio1Executor> = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
        .map_err(|error| error.to_string())?
        .timeout(Some(Duration::from_secs(5)))
        .build();
    match transport.test_connection().await {
        Ok(true) => Ok(()),
        Ok(false) => Err("the SMTP server rejected the connection".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn finish(&self) -> Result<(), String> {
        match self.problems {
            0 => Ok(()),
            1 => Err("1 problem found".to_owned()),
            problems => Err(format!("{problems} problems found")),
        }
    }

    fn ok(&mut self, subject: &str, result: &str) {
        println!("ok    {subject:<14} {result}");
    }

    fn problem(&mut self, subject: &str, result: &str, advice: &str) {
        self.problems += 1;
        println!("FAIL  {subject:<14} {result}\n      {:<14} {advice}", "");
    }
}
