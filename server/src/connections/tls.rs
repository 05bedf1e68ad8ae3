//! TLS of the public address, for installations without a reverse proxy.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ordinavo_core::clock::Clock;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// How often the files are read. Tools that renew a certificate replace them.
const RELOAD_INTERVAL: Duration = Duration::from_secs(60);
const OVERDUE: &str = "ordinavo_tls_certificate_overdue_timestamp_seconds";
const NOT_AFTER: &str = "ordinavo_tls_certificate_not_after_timestamp_seconds";

/// Where a certificate and its key are stored, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of its issuers.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl TlsFiles {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// Names the setting whose file is missing or unsuitable.
    pub fn read(&self) -> Result<Certificate, String> {
        let of_certificate =
            |error: &dyn std::fmt::Display| format!("setting tls_certificate: {}: {error}", self.certificate.display());
        let of_key = |error: &dyn std::fmt::Display| format!("setting tls_key: {}: {error}", self.key.display());
        let chain_pem = std::fs::read(&self.certificate).map_err(|error| of_certificate(&error))?;
        let key_pem = std::fs::read(&self.key).map_err(|error| of_key(&error))?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&chain_pem)
            .collect::<Result<_, _>>()
            .map_err(|error| of_certificate(&error))?;
        let Some(leaf) = chain.first() else {
            return Err(of_certificate(&"contains no certificate in PEM"));
        };
        let parsed = x509_cert::Certificate::from_der(leaf).map_err(|error| of_certificate(&error))?;
        let validity = parsed.tbs_certificate().validity();
        let (not_before, not_after) = (instant(validity.not_before), instant(validity.not_after));
        let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|error| of_key(&error))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| of_key(&error))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Certificate {
            config: Arc::new(config),
            not_before,
            not_after,
            names: dns_names(&parsed),
            pem: (chain_pem, key_pem),
        })
    }
}

/// A certificate that connections are accepted with.
pub struct Certificate {
    config: Arc<ServerConfig>,
    not_before: DateTime<Utc>,
    /// When it expires.
    pub not_after: DateTime<Utc>,
    /// The DNS names that it is for.
    names: Vec<String>,
    pem: (Vec<u8>, Vec<u8>),
}

/// Certificates of Let's Encrypt are valid for 90 days; it recommends to renew them after 60.
const MAX_RENEWAL: TimeDelta = TimeDelta::days(30);

impl Certificate {
    /// Returns when the certificate should be replaced: when a third of its validity is left, and at most 30 days before it
    /// expires.
    pub fn renewal(&self) -> DateTime<Utc> {
        let validity = self.not_after - self.not_before;
        self.not_after - (validity / 3).min(MAX_RENEWAL)
    }

    /// Returns from when on an administrator should look why the certificate was not replaced.
    pub fn overdue(&self) -> DateTime<Utc> {
        self.renewal() + (self.not_after - self.renewal()) / 2
    }

    /// Returns whether browsers accept the certificate for a host.
    pub fn is_for(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        let matches = |name: &String| {
            name.eq_ignore_ascii_case(host) || parent.as_ref().is_some_and(|parent| name.eq_ignore_ascii_case(parent))
        };
        self.names.iter().any(matches)
    }
}

/// Returns a time of a certificate; the latest one for a time that has no end.
fn instant(time: x509_cert::time::Time) -> DateTime<Utc> {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Returns the DNS names of a certificate.
fn dns_names(certificate: &x509_cert::Certificate) -> Vec<String> {
    let names = certificate.tbs_certificate().get_extension::<SubjectAltName>();
    let Ok(Some((_, SubjectAltName(names)))) = names else {
        return Vec::new();
    };
    names
        .into_iter()
        .filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}

/// When the certificate in use expires, for the readiness of the server.
#[derive(Clone, Default)]
pub struct CertificateInUse(Arc<Mutex<Option<DateTime<Utc>>>>);

impl CertificateInUse {
    pub fn get(&self) -> Option<DateTime<Utc>> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, not_after: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(not_after);
    }
}

/// The certificate in use, which is replaced when its files change.
pub struct Tls {
    files: TlsFiles,
    clock: Clock,
    in_use: CertificateInUse,
    current: watch::Sender<Arc<Certificate>>,
}

impl Tls {
    /// Reads the certificate.
    ///
    /// # Errors
    /// As [`TlsFiles::read`].
    pub fn open(files: TlsFiles, clock: Clock, in_use: CertificateInUse) -> Result<Self, String> {
        let certificate = files.read()?;
        record(&certificate, &clock, &in_use);
        Ok(Self {
            files,
            clock,
            in_use,
            current: watch::Sender::new(Arc::new(certificate)),
        })
    }

    /// Returns what accepts a connection with the current certificate.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.current.borrow().config.clone().into()
    }

    /// Reads the files again at an interval, and on SIGHUP, until `stopping` is set.
    pub async fn keep_current(&self, mut signal: Hangup, mut stopping: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(RELOAD_INTERVAL) => {}
                () = signal.received() => {}
            }
            self.reload();
        }
    }

    /// Uses changed files. A certificate that cannot be used leaves the one in use, since a half-written file is complete a
    /// moment later.
    pub fn reload(&self) {
        match self.files.read() {
            Ok(certificate) if certificate.pem != self.current.borrow().pem => {
                tracing::info!(not_after = %certificate.not_after, "TLS certificate replaced");
                record(&certificate, &self.clock, &self.in_use);
                self.current.send_replace(Arc::new(certificate));
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "TLS certificate cannot be replaced"),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "seconds of this era are exact")]
fn record(certificate: &Certificate, clock: &Clock, in_use: &CertificateInUse) {
    in_use.set(certificate.not_after);
    if certificate.not_after <= clock.now() {
        tracing::error!(not_after = %certificate.not_after, "TLS certificate has expired; browsers refuse it");
    }
    metrics::gauge!(NOT_AFTER).set(certificate.not_after.timestamp() as f64);
    metrics::gauge!(OVERDUE).set(certificate.overdue().timestamp() as f64);
}

/// The signal that asks a server to read its certificate again.
pub struct Hangup(#[cfg(unix)] io::Result<tokio::signal::unix::Signal>);

impl Default for Hangup {
    fn default() -> Self {
        Self(
            #[cfg(unix)]
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()),
        )
    }
}

impl Hangup {
    async fn received(&mut self) {
        #[cfg(unix)]
        if let Ok(signal) = &mut self.0 {
            signal.recv().await;
            return;
        }
        std::future::pending().await
    }
}
