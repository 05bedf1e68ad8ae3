//! `ordinavo doctor`: checks the installation and suggests how to fix problems.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use ordinavo_core::audit::verification;
use ordinavo_core::clock::Clock;
use ordinavo_core::files::{FileStore, inventory};
use ordinavo_core::installation::health;
use ordinavo_core::notifications::held;
use ordinavo_core::{Core, CoreError};
use serde::Serialize;

use super::startup;
use super::startup::Opening;
use crate::config::Config;
use crate::spool::Spool;

/// How far the clocks of server and database may differ: signatures of webhooks are valid for minutes.
const MAX_CLOCK_OFFSET: TimeDelta = TimeDelta::seconds(5);

/// How long an SMTP server may take to greet.
const SMTP_CHECK_TIMEOUT: Duration = Duration::from_secs(10);

/// Checks the installation, and prints a report or its JSON. Creates nothing: an empty database would look like the lost one,
/// and prevent a restore.
///
/// # Errors
/// Returns the number of problems found.
pub async fn run_checks(config: &Config, json: bool) -> Result<(), String> {
    let mut report = Report {
        json,
        checks: Vec::new(),
    };
    check_configuration(config, &mut report);
    check_certificate(config, &mut report);
    check_key_file("key", &config.secret_key_file, &mut report);
    check_spool(config, &mut report);
    match startup::open_core(config, Opening::Existing).await {
        Err(error) => {
            let subject = if error.contains("secret_key_file") {
                "key"
            } else {
                "database"
            };
            let advice = if subject == "key" {
                "`ordinavo docs keys` says what to do without the right key"
            } else {
                DATABASE_ADVICE
            };
            report.problem(subject, &error, advice);
        }
        Ok((core, _)) => {
            report.ok("key", "belongs to the database");
            check_database(&core, config, &mut report).await;
            check_audit_log(&core, &mut report).await;
            check_clock(&core, &mut report).await;
            check_disk(&core, config, &mut report);
            check_files(&core, &mut report).await;
            check_held_mails(&core, &mut report).await;
            core.store().close().await;
        }
    }
    check_mail(config, &mut report).await;
    check_services(config, &mut report).await;
    report.finish()
}

fn check_configuration(config: &Config, report: &mut Report) {
    report.ok("configuration", &format!("valid; public URL {}", config.public_url));
    if !config.is_https() && !config.listen.ip().is_loopback() {
        report.problem(
            "configuration",
            "the server listens on a public address without HTTPS",
            "set ORDINAVO_TLS_CERTIFICATE and ORDINAVO_TLS_KEY, or put a reverse proxy with TLS in front, and set \
             ORDINAVO_PUBLIC_URL to the https URL",
        );
    }
    let proxies = config.trusted_proxies().unwrap_or_default();
    if proxies.iter().any(|network| network.prefix_len() == 0) {
        report.problem(
            "proxy",
            "the X-Forwarded-For header of everybody is trusted",
            "list only the networks of your proxies in ORDINAVO_TRUSTED_PROXIES",
        );
    } else if config.is_https()
        && config.tls_certificate.is_none()
        && !config.listen.ip().is_loopback()
        && proxies.iter().all(|network| network.addr().is_loopback())
    {
        report.problem(
            "proxy",
            "the server waits for a proxy on another machine, but trusts proxies on this one only",
            "add the address of the proxy to ORDINAVO_TRUSTED_PROXIES, or listen on 127.0.0.1: all visitors would share one limit",
        );
    } else {
        report.ok("proxy", &format!("trusted: {}", config.trusted_proxies));
    }
}

/// Checks the certificate of the server's own TLS.
fn check_certificate(config: &Config, report: &mut Report) {
    let Ok(Some(files)) = config.tls_files() else { return };
    check_key_file("certificate", &files.key, report);
    let advice = "renew the certificate; servers read the files again within a minute";
    match files.read() {
        Err(error) => report.problem("certificate", &error, "ordinavo docs install, \"TLS without a proxy\""),
        Ok(certificate) => {
            let left = certificate.not_after - Clock::system().now();
            let until = certificate.not_after.format("%Y-%m-%d");
            let host = url::Url::parse(&config.public_url).ok();
            let host = host.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
            if !certificate.is_for(host) {
                report.problem(
                    "certificate",
                    &format!("is not for {host}, the host of ORDINAVO_PUBLIC_URL"),
                    "browsers refuse it: obtain a certificate for this host",
                );
            }
            if left <= TimeDelta::zero() {
                report.problem("certificate", &format!("expired on {until}"), advice);
            } else if certificate.overdue() <= Clock::system().now() {
                report.problem("certificate", &format!("expires on {until}"), advice);
            } else {
                report.ok("certificate", &format!("valid until {until}"));
            }
        }
    }
}

/// Checks who can read a key file. A missing or wrong one is found when it is used.
fn check_key_file(subject: &str, path: &Path, report: &mut Report) {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o777;
        // A group may read it: Kubernetes mounts secrets so.
        if mode & 0o037 == 0 {
            report.ok(subject, &format!("{} has mode {mode:03o}", path.display()));
        } else {
            report.problem(
                subject,
                &format!(
                    "{} has mode {mode:03o}: other users can read or change it",
                    path.display()
                ),
                &format!("run: chmod 600 {}", path.display()),
            );
        }
    }
    #[cfg(not(unix))]
    let _ = (subject, path, report);
}

const DATABASE_ADVICE: &str = "check ORDINAVO_DATABASE_URL and whether the database is running";

async fn check_database(core: &Core, config: &Config, report: &mut Report) {
    report.ok("database", "reachable, schema up to date");
    match core.store().check_integrity().await.as_deref() {
        Ok("ok") => report.ok("database", "integrity check passed"),
        Ok(result) => report.problem("database", result, "restore the last backup: ordinavo restore"),
        Err(error) => report.problem("database", &error.to_string(), DATABASE_ADVICE),
    }
    match core.store().role().await {
        Ok(None) => {}
        Ok(Some(role)) => match role.excess() {
            None => report.ok("role", &format!("{} may only read and write rows", role.name)),
            Some(reason) if config.database_allow_owner => {
                report.ok(
                    "role",
                    &format!("{} {reason}; allowed by ORDINAVO_DATABASE_ALLOW_OWNER", role.name),
                );
            }
            Some(reason) => report.problem(
                "role",
                &format!("{} {reason}: the database does not separate the tenants", role.name),
                "use the role ordinavo_app: `ordinavo docs postgresql-roles`",
            ),
        },
        Err(error) => report.problem("role", &error.to_string(), DATABASE_ADVICE),
    }
}

async fn check_audit_log(core: &Core, report: &mut Report) {
    match verification::verify_all(core, None, &[]).await {
        Ok(results) => {
            let entries: i64 = results.iter().map(|result| result.verification.verified).sum();
            let mut is_intact = true;
            for result in &results {
                if let Some(problem) = result.verification.problem {
                    is_intact = false;
                    report.problem(
                        "audit log",
                        &format!("{}: {}", result.tenant, super::audit::problem_sentence(problem)),
                        "the database was changed directly: `ordinavo docs audit`",
                    );
                }
            }
            if is_intact {
                report.ok("audit log", &format!("{entries} entries verified"));
            }
        }
        Err(error) => report.problem("audit log", &error_message(&error), DATABASE_ADVICE),
    }
}

async fn check_clock(core: &Core, report: &mut Report) {
    let advice = "synchronize the clocks of all machines, for example with chrony";
    match health::clock_offset(core).await {
        Ok(Some(offset)) if offset.abs() > MAX_CLOCK_OFFSET => {
            let seconds = offset.num_seconds();
            report.problem(
                "clock",
                &format!("the database is {seconds} seconds ahead of this machine"),
                advice,
            );
        }
        Ok(Some(_)) => report.ok("clock", "agrees with the database"),
        Ok(None) => {}
        Err(error) => report.problem("clock", &error_message(&error), DATABASE_ADVICE),
    }
    match health::latest_entry(core).await {
        Ok(Some(latest)) if latest > core.clock().now() + MAX_CLOCK_OFFSET => report.problem(
            "clock",
            &format!("the audit log has an entry of {latest}, which is in the future"),
            advice,
        ),
        Ok(_) => report.ok("clock", "is not behind the latest entry of the audit log"),
        Err(error) => report.problem("clock", &error_message(&error), DATABASE_ADVICE),
    }
}

fn check_disk(core: &Core, config: &Config, report: &mut Report) {
    let database = config
        .database_url
        .strip_prefix("sqlite://")
        .and_then(|path| Path::new(path).parent())
        .map(|folder| {
            if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            }
        })
        .map(FileStore::free_bytes_of);
    for (what, free) in [("files", core.files().free_bytes()), ("the database", database)] {
        match free {
            None => {}
            Some(Ok(free)) if free >= core.min_free_bytes().saturating_mul(2) => {
                report.ok("disk", &format!("{} MiB free for {what}", free / 1024 / 1024));
            }
            Some(Ok(free)) => report.problem(
                "disk",
                &format!("{} MiB free for {what}", free / 1024 / 1024),
                "free disk space: uploads are rejected when the disk is almost full",
            ),
            Some(Err(error)) => report.problem("disk", &error.to_string(), "check that the folder exists"),
        }
    }
}

async fn check_files(core: &Core, report: &mut Report) {
    match core.files().check().await {
        Ok(()) => {
            report.ok("files", "can be written, read and deleted");
            check_inventory(core, report).await;
        }
        Err(error) => report.problem(
            "files",
            &error,
            "check ORDINAVO_FILES, the folder permissions or the bucket credentials (AWS_*)",
        ),
    }
}

fn check_spool(config: &Config, report: &mut Report) {
    let spool = Spool::new(&config.spool_folder);
    match spool.check() {
        Ok(()) => report.ok("uploads", &format!("{} can be written", spool.folder().display())),
        Err(error) => report.problem(
            "uploads",
            &format!("{}: {error}", spool.folder().display()),
            "set ORDINAVO_SPOOL_FOLDER to a folder that the server can write",
        ),
    }
}

/// Checks the services that the installation may use: clamd and a routing provider.
async fn check_services(config: &Config, report: &mut Report) {
    // Faulty settings end every command earlier.
    let Ok(settings) = config.settings() else { return };
    if let Some(scanner) = &settings.scanner {
        match scanner.check().await {
            Ok(()) => report.ok("malware check", "clamd answers"),
            Err(error) => report.problem(
                "malware check",
                &error,
                "start clamd, or check ORDINAVO_CLAMD: files cannot be downloaded before they are checked",
            ),
        }
    }
    if let Some(provider) = &settings.roads {
        match provider.check().await {
            Ok(()) => report.ok("routing", "the routing provider answers"),
            Err(error) => report.problem(
                "routing",
                &error,
                "check ORDINAVO_ROADS: travel times are estimated from distances meanwhile",
            ),
        }
    }
}

/// Looks for the files that the database names.
async fn check_inventory(core: &Core, report: &mut Report) {
    match inventory::missing_files(core).await {
        Ok(found) if found.missing == 0 => {
            report.ok("files", &format!("{} files of the database found", found.checked))
        }
        Ok(found) => report.problem(
            "files",
            &format!(
                "{} of {} files that the database names are missing",
                found.missing, found.checked
            ),
            "check ORDINAVO_FILES and whether its disk is mounted, or copy files/ from a backup",
        ),
        Err(error) => report.problem("files", &error_message(&error), "check ORDINAVO_FILES"),
    }
}

async fn check_held_mails(core: &Core, report: &mut Report) {
    // Without a mail server, all emails wait.
    if !core.sends_mail() {
        return;
    }
    match held::count_all(core).await {
        Ok(tenants) => {
            for (tenant, mails) in tenants.into_iter().filter(|(_, mails)| mails.count > 0) {
                report.problem(
                    "mail",
                    &format!("{tenant}: {} emails are on hold because they are old", mails.count),
                    &format!("run: ordinavo admin send-held-mails {tenant}, or drop-held-mails"),
                );
            }
        }
        Err(error) => report.problem("mail", &error_message(&error), DATABASE_ADVICE),
    }
}

async fn check_mail(config: &Config, report: &mut Report) {
    match config.smtp_url.as_deref().filter(|address| !address.is_empty()) {
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
    match tokio::time::timeout(SMTP_CHECK_TIMEOUT, transport.test_connection()).await {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err("the SMTP server rejected the connection".to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the SMTP server does not answer".to_owned()),
    }
}

fn error_message(error: &CoreError) -> String {
    error.log();
    crate::api::texts::sentences(error)
}

/// The result of a check.
#[derive(Debug, Serialize)]
struct Check {
    subject: String,
    ok: bool,
    result: String,
    /// What to do about a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

struct Report {
    json: bool,
    checks: Vec<Check>,
}

impl Report {
    fn finish(&self) -> Result<(), String> {
        if self.json {
            let text = serde_json::to_string_pretty(&self.checks).map_err(|error| error.to_string())?;
            outln!("{text}");
        }
        match self.checks.iter().filter(|check| !check.ok).count() {
            0 => Ok(()),
            1 => Err("1 problem found".to_owned()),
            problems => Err(format!("{problems} problems found")),
        }
    }

    fn ok(&mut self, subject: &str, result: &str) {
        self.add(subject, result, None);
    }

    fn problem(&mut self, subject: &str, result: &str, advice: &str) {
        self.add(subject, result, Some(advice));
    }

    fn add(&mut self, subject: &str, result: &str, advice: Option<&str>) {
        if !self.json {
            match advice {
                None => outln!("ok    {subject:<14} {result}"),
                Some(advice) => outln!("FAIL  {subject:<14} {result}\n      {:<14} {advice}", ""),
            }
        }
        self.checks.push(Check {
            subject: subject.to_owned(),
            ok: advice.is_none(),
            result: result.to_owned(),
            advice: advice.map(str::to_owned),
        });
    }
}
