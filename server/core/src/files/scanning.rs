//! Checks files for malware with clamd before they can be downloaded, if one is configured.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use chrono::TimeDelta;
use clamav_client::tokio::{Socket, Tcp, ping, scan_buffer};
use domain::files::FileScan;
use domain::problems::Cause;

use crate::db::purpose::FileWork;
use crate::secrets::hex;
use crate::{Core, CoreError, CoreResult};

/// How long a file is claimed: longer than a check takes. A file whose check was interrupted is checked again then.
const LEASE: TimeDelta = TimeDelta::minutes(2);
const SCAN_TIMEOUT: Duration = Duration::from_secs(60);
/// How long clamd may take to say that it is there.
const CHECK_TIMEOUT: Duration = Duration::from_secs(5);
const PONG: &[u8] = b"PONG";
/// When a file is tried again that clamd refuses to check, such as one above its size limit.
const REFUSED_RETRY: TimeDelta = TimeDelta::hours(1);
/// When a file is tried again whose content or clamd could not be reached.
const UNREACHABLE_RETRY: TimeDelta = TimeDelta::minutes(1);
const CHUNK_BYTES: usize = 64 * 1024;
const MAX_FINDING_CHARS: usize = 200;

/// Where clamd listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerAddress {
    /// `host:port`.
    Tcp(String),
    Unix(PathBuf),
}

impl FromStr for ScannerAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.starts_with('/') {
            return Ok(Self::Unix(PathBuf::from(text)));
        }
        let is_address = text
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if is_address {
            Ok(Self::Tcp(text.to_owned()))
        } else {
            Err("must be host:port or the path of a socket, such as /run/clamav/clamd.ctl")
        }
    }
}

impl ScannerAddress {
    /// Checks that clamd answers.
    ///
    /// # Errors
    /// What prevents it.
    pub async fn check(&self) -> Result<(), String> {
        let asking = async {
            match self {
                Self::Tcp(address) => {
                    let host_address = address.as_str();
                    ping(Tcp { host_address }).await
                }
                Self::Unix(socket_path) => ping(Socket { socket_path }).await,
            }
        };
        match tokio::time::timeout(CHECK_TIMEOUT, asking).await {
            Ok(Ok(answer)) if answer.starts_with(PONG) => Ok(()),
            Ok(Ok(_)) => Err("what listens there is not clamd".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer".to_owned()),
        }
    }
}

/// The answer of clamd about one file.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Clean,
    /// With the name of the signature.
    Infected(String),
    /// The file could not be checked.
    Refused(String),
}

impl Verdict {
    fn parse(response: &[u8]) -> Self {
        let text = String::from_utf8_lossy(response);
        let text = text.trim_end_matches(['\0', '\n']);
        let text = text.strip_prefix("stream: ").unwrap_or(text);
        let limited = |text: &str| {
            text.chars()
                .filter(|letter| !letter.is_control())
                .take(MAX_FINDING_CHARS)
                .collect()
        };
        match text.strip_suffix(" FOUND") {
            Some(name) => Self::Infected(limited(name)),
            None if text == "OK" => Self::Clean,
            None => Self::Refused(limited(text)),
        }
    }
}

/// Returns the state of a file that is stored now.
pub(crate) fn initial_state(core: &Core) -> FileScan {
    if core.settings.scanner.is_some() {
        FileScan::Unchecked
    } else {
        FileScan::Exempt
    }
}

/// Applies the setting to the files that are stored already: with a scanner, those that were never checked have to be;
/// without, those that wait are available. Called when a worker starts.
pub async fn apply_setting(core: &Core) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<FileWork>().await?;
    if core.settings.scanner.is_some() {
        tx.require_scans().await?;
    } else {
        tx.waive_scans().await?;
    }
    Ok(tx.commit().await?)
}

/// Checks the newest file that waits. Returns false if there is none.
///
/// # Errors
/// Database, storage or clamd cannot be reached; the file is checked again later.
pub async fn scan_next(core: &Core) -> CoreResult<bool> {
    let Some(scanner) = &core.settings.scanner else {
        return Ok(false);
    };
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let claimed = tx.claim_scan(core.clock.now() + LEASE).await?;
    tx.commit().await?;
    let Some(key) = claimed else { return Ok(false) };
    let scanned = match core.files.get(&key).await {
        Ok(bytes) => scan(scanner, &bytes).await,
        Err(error) => Err(error),
    };
    let mut tx = core.store.begin_system::<FileWork>().await?;
    let outcome = match scanned {
        Ok(Verdict::Clean) => {
            tx.finish_scan(&key, FileScan::Clean, None).await?;
            Ok(true)
        }
        Ok(Verdict::Infected(finding)) => {
            let digest = hex(&key.digest);
            tracing::error!(%finding, digest, tenant = %key.tenant.uuid(), "malware found; the file is quarantined");
            if tx.finish_scan(&key, FileScan::Infected, Some(&finding)).await? {
                tx.audit(key.tenant, "system", "file.quarantined", &digest).await?;
            }
            Ok(true)
        }
        Ok(Verdict::Refused(reason)) => {
            tracing::error!(reason, digest = hex(&key.digest), "clamd refused to check a file");
            tx.postpone_scan(&key, core.clock.now() + REFUSED_RETRY).await?;
            Ok(true)
        }
        Err(error) => {
            // Other files come first: it may be the content of this one that cannot be read.
            tx.postpone_scan(&key, core.clock.now() + UNREACHABLE_RETRY).await?;
            Err(error)
        }
    };
    tx.commit().await?;
    outcome
}

async fn scan(address: &ScannerAddress, bytes: &[u8]) -> CoreResult<Verdict> {
    let scanning = async {
        match address {
            ScannerAddress::Tcp(address) => {
                let host_address = address.as_str();
                scan_buffer(bytes, Tcp { host_address }, Some(CHUNK_BYTES)).await
            }
            ScannerAddress::Unix(socket_path) => scan_buffer(bytes, Socket { socket_path }, Some(CHUNK_BYTES)).await,
        }
    };
    let failed = |error: &dyn std::fmt::Display| CoreError::failed(Cause::FileBeingChecked, &format!("clamd: {error}"));
    match tokio::time::timeout(SCAN_TIMEOUT, scanning).await {
        Ok(Ok(response)) if response.is_empty() => Err(failed(&"no answer")),
        Ok(Ok(response)) => Ok(Verdict::parse(&response)),
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(failed(&"timed out")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_answers_of_clamd_are_parsed() {
        for (response, verdict) in [
            ("stream: OK\0", Verdict::Clean),
            (
                "stream: Win.Test.EICAR_HDB-1 FOUND\0",
                Verdict::Infected("Win.Test.EICAR_HDB-1".to_owned()),
            ),
            (
                "INSTREAM size limit exceeded. ERROR\0",
                Verdict::Refused("INSTREAM size limit exceeded. ERROR".to_owned()),
            ),
        ] {
            assert_eq!(Verdict::parse(response.as_bytes()), verdict);
        }
    }

    #[test]
    fn address_of_scanner_is_host_and_port_or_path() {
        assert_eq!("clamd:3310".parse(), Ok(ScannerAddress::Tcp("clamd:3310".to_owned())));
        assert_eq!(
            "/run/clamav/clamd.ctl".parse(),
            Ok(ScannerAddress::Unix(PathBuf::from("/run/clamav/clamd.ctl")))
        );
        for text in ["", "clamd", ":3310", "clamd:port"] {
            assert!(text.parse::<ScannerAddress>().is_err(), "{text}");
        }
    }
}
