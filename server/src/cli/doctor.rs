//! `ordinavo doctor`: looks at everything that an installation needs and says what to do.

use std::time::Duration;

use lettre::{AsyncSmtpTransport, Tokio1Executor};

use ordinavo_core::files::MIN_FREE_BYTES;

use super::start;
use crate::config::Config;

/// Examines the installation.
///
/// # Errors
/// How many things need attention.
pub async fn examine(config: &Config) -> Result<(), String> {
    let mut report = Report::default();
    report.good(
        "configuration",
        &format!("read; people reach it at {}", config.public_url),
    );
    if !config.is_https() && !config.listen.ip().is_loopback() {
        report.bad(
            "configuration",
            "the server listens beyond this machine without https",
            "put a reverse proxy with TLS in front and set ORDINAVO_PUBLIC_URL to its https address",
        );
    }
    if let Some(path) = config.database_url.strip_prefix("sqlite://")
        && !std::path::Path::new(path).exists()
    {
        // Looking makes nothing: an empty database would stand in the way of a restore.
        report.bad(
            "database",
            &format!("{path} is not there"),
            "run: ordinavo migrate (a new installation) or ordinavo restore (from a backup)",
        );
        return report.end();
    }
    match start::core(config, false).await {
        Err(error) => report.bad(
            "start",
            &error,
            "correct the setting; the table in README.md names what is allowed",
        ),
        Ok((core, _)) => {
            match core.store().missing_migrations().await {
                Ok(0) => report.good("database", "reachable, schema up to date"),
                Ok(missing) => report.bad(
                    "database",
                    &format!("{missing} schema steps are missing"),
                    "run: ordinavo migrate",
                ),
                Err(error) => report.bad(
                    "database",
                    &error.to_string(),
                    "check ORDINAVO_DATABASE_URL and that the database runs",
                ),
            }
            match core.store().check_integrity().await.as_deref() {
                Ok("ok") => report.good("database", "sound"),
                Ok(found) => report.bad("database", found, "restore the last backup: ordinavo restore"),
                Err(error) => report.bad(
                    "database",
                    &error.to_string(),
                    "check ORDINAVO_DATABASE_URL and that the database runs",
                ),
            }
            match core.files().check().await {
                Ok(()) => report.good("files", "can be written, read and removed"),
                Err(error) => report.bad(
                    "files",
                    &error,
                    "check ORDINAVO_FILES, the folder's rights or the bucket's credentials (AWS_*)",
                ),
            }
            match core.files().free_bytes() {
                None => {}
                Some(Ok(free)) if free >= 2 * MIN_FREE_BYTES => {
                    report.good("disk", &format!("{} MiB free for files", free / 1024 / 1024));
                }
                Some(Ok(free)) => report.bad(
                    "disk",
                    &format!("{} MiB free for files", free / 1024 / 1024),
                    "free some space: files are refused when the disk is almost full",
                ),
                Some(Err(error)) => report.bad("disk", &error.to_string(), "check the folder in ORDINAVO_FILES"),
            }
        }
    }
    match &config.smtp_url {
        None => report.good("mail", "not configured: mails stay inside"),
        Some(address) => match mail(address).await {
            Ok(()) => report.good("mail", "the server answers"),
            Err(error) => report.bad(
                "mail",
                &error,
                "check ORDINAVO_SMTP_URL, such as smtps://user:password@mail.example.org",
            ),
        },
    }
    report.end()
}

async fn mail(address: &str) -> Result<(), String> {
    let transport: AsyncSmtpTransport<Tokio1Executor> = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
        .map_err(|error| error.to_string())?
        .timeout(Some(Duration::from_secs(5)))
        .build();
    match transport.test_connection().await {
        Ok(true) => Ok(()),
        Ok(false) => Err("the server refuses".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[derive(Default)]
struct Report {
    problems: usize,
}

impl Report {
    fn end(&self) -> Result<(), String> {
        match self.problems {
            0 => Ok(()),
            1 => Err("one thing needs attention".to_owned()),
            problems => Err(format!("{problems} things need attention")),
        }
    }

    fn good(&mut self, what: &str, found: &str) {
        println!("ok    {what:<14} {found}");
    }

    fn bad(&mut self, what: &str, found: &str, advice: &str) {
        self.problems += 1;
        println!("WRONG {what:<14} {found}\n      {:<14} {advice}", "");
    }
}
