//! Certificates by ACME (RFC 8555): obtained with an HTTP-01 challenge, which the redirecting listener answers, and written
//! to the files of the server's own TLS.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use instant_acme::{
    Account, AccountBuilder, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus,
    RetryPolicy,
};
use ordinavo_core::clock::Clock;
use ordinavo_core::secrets::{hex, sha256};
use tokio::sync::watch;

use super::tls::{Tls, TlsFiles};

/// How often the age of the certificate is looked at.
const CHECK_INTERVAL: Duration = Duration::from_secs(6 * 3600);
/// The pause after a failure, doubled up to the maximum: authorities limit failures to a few an hour.
const MIN_RETRY: Duration = Duration::from_secs(60);
const MAX_RETRY: Duration = Duration::from_secs(3600);
/// How long obtaining a certificate may take in all: an authority that does not answer is a failure.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// How long an authority may take to check a challenge or to issue a certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// Answers to challenges, by token.
#[derive(Clone, Default)]
pub struct Challenges(Arc<Mutex<HashMap<String, String>>>);

impl Challenges {
    /// Returns the answer to a challenge of a request under way.
    pub fn answer(&self, token: &str) -> Option<String> {
        self.lock().get(token).cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where certificates come from.
#[derive(Debug, Clone)]
pub struct AcmeSettings {
    /// URL of the directory of the authority.
    pub directory: String,
    /// Contact for warnings; empty for none.
    pub email: String,
    /// Root certificate of an authority that browsers do not know, in PEM.
    pub root: Option<PathBuf>,
    /// The names in the certificate.
    pub hosts: Vec<String>,
}

/// Keeps the files of a certificate current.
pub struct Acme {
    settings: AcmeSettings,
    files: TlsFiles,
    challenges: Challenges,
    clock: Clock,
}

impl Acme {
    pub fn new(settings: AcmeSettings, files: TlsFiles, challenges: Challenges, clock: Clock) -> Self {
        Self {
            settings,
            files,
            challenges,
            clock,
        }
    }

    /// Obtains the first certificate. Retries until there is one or `stopping` is set; then returns false. A certificate that is
    /// there, however old and whatever its hosts, is used until [`Self::keep_current`] has replaced it.
    pub async fn obtain_first(&self, stopping: &mut watch::Receiver<bool>) -> bool {
        let mut pause = MIN_RETRY;
        while self.files.read().is_err() {
            tracing::info!(directory = %self.settings.directory, hosts = %self.settings.hosts.join(", "), "obtaining a TLS certificate");
            let obtained = tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return false,
                obtained = self.obtain() => obtained,
            };
            // Files that cannot be read although they were just written are a failure, too.
            if let Err(error) = obtained.and_then(|()| self.files.read().map(drop)) {
                tracing::error!(%error, retry_seconds = pause.as_secs(), "no TLS certificate yet");
                tokio::select! {
                    _ = stopping.wait_for(|stopping| *stopping) => return false,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(MAX_RETRY);
            }
        }
        true
    }

    /// Renews the certificate in time until `stopping` is set.
    pub async fn keep_current(&self, tls: &Tls, mut stopping: watch::Receiver<bool>) {
        let mut pause = CHECK_INTERVAL;
        loop {
            if self.is_due() {
                let obtained = tokio::select! {
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                    obtained = self.obtain() => obtained,
                };
                pause = match obtained {
                    Ok(()) => {
                        tls.reload();
                        CHECK_INTERVAL
                    }
                    Err(error) => {
                        tracing::error!(%error, "TLS certificate was not renewed");
                        MAX_RETRY
                    }
                };
            }
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn is_due(&self) -> bool {
        self.files
            .read()
            // Files that are gone or damaged are written again.
            .map_or(true, |certificate| {
                let is_old = certificate.renewal() <= self.clock.now();
                // A certificate of another authority, such as one for tests, is replaced.
                let is_of_another = !self.account_file().exists();
                is_old || is_of_another || !self.settings.hosts.iter().all(|host| certificate.is_for(host))
            })
    }

    /// Obtains a certificate within the time limit.
    async fn obtain(&self) -> Result<(), String> {
        match tokio::time::timeout(TIME_LIMIT, self.obtain_from_authority()).await {
            Ok(obtained) => obtained,
            Err(_) => Err(self.failure(&"the authority does not answer")),
        }
    }

    /// Says with all causes what failed.
    fn failure(&self, error: &dyn std::fmt::Display) -> String {
        format!("setting acme_directory: {}: {error}", self.settings.directory)
    }

    /// Obtains a certificate and writes it and its key.
    async fn obtain_from_authority(&self) -> Result<(), String> {
        let account = self.account().await?;
        let identifiers: Vec<_> = self.settings.hosts.iter().cloned().map(Identifier::Dns).collect();
        let ordered = self.order(&account, &identifiers).await;
        self.challenges.lock().clear();
        let (key, chain) = ordered.map_err(|error| self.failure(&with_causes(&error)))?;
        // The key first: a server that reads the files in between keeps the certificate it has.
        write_private(&self.files.key, key.as_bytes())?;
        write_private(&self.files.certificate, chain.as_bytes())?;
        tracing::info!(hosts = %self.settings.hosts.join(", "), "TLS certificate obtained");
        Ok(())
    }

    async fn order(
        &self,
        account: &Account,
        identifiers: &[Identifier],
    ) -> Result<(String, String), instant_acme::Error> {
        let mut order = account.new_order(&NewOrder::new(identifiers)).await?;
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization
                .challenge(ChallengeType::Http01)
                .ok_or(instant_acme::Error::Str("the authority offers no HTTP-01 challenge"))?;
            let answer = challenge.key_authorization().as_str().to_owned();
            self.challenges.lock().insert(challenge.token.clone(), answer);
            challenge.set_ready().await?;
        }
        if order.poll_ready(&PATIENCE).await? != OrderStatus::Ready {
            return Err(instant_acme::Error::Str(
                "the authority could not reach this server under its host on port 80",
            ));
        }
        let key = order.finalize().await?;
        Ok((key, order.poll_certificate(&PATIENCE).await?))
    }

    fn client(&self) -> Result<AccountBuilder, String> {
        match &self.settings.root {
            Some(root) => Account::builder_with_root(root)
                .map_err(|error| format!("setting acme_root: {}: {error}", root.display())),
            None => Account::builder().map_err(|error| error.to_string()),
        }
    }

    /// Returns where the account with this authority is stored.
    fn account_file(&self) -> PathBuf {
        let authority = hex(&sha256(self.settings.directory.as_bytes()));
        self.files
            .key
            .with_extension(format!("{}.account.json", &authority[..8]))
    }

    /// Opens the account, which is stored next to the key, or creates it.
    async fn account(&self) -> Result<Account, String> {
        let path = self.account_file();
        if let Ok(stored) = std::fs::read(&path) {
            let credentials =
                serde_json::from_slice(&stored).map_err(|error| format!("{}: {error}", path.display()))?;
            return self
                .client()?
                .from_credentials(credentials)
                .await
                .map_err(|error| self.failure(&with_causes(&error)));
        }
        let contact = format!("mailto:{}", self.settings.email);
        let contacts: &[&str] = if self.settings.email.is_empty() {
            &[]
        } else {
            &[&contact]
        };
        let new = NewAccount {
            contact: contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let (account, credentials) = self
            .client()?
            .create(&new, self.settings.directory.clone(), None)
            .await
            .map_err(|error| self.failure(&with_causes(&error)))?;
        let stored = serde_json::to_vec(&credentials).map_err(|error| self.failure(&error))?;
        write_private(&path, &stored)?;
        Ok(account)
    }
}

/// Returns an error with what caused it, such as "client error (Connect): Connection refused".
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Replaces a file by a complete one that only its owner reads.
fn write_private(path: &Path, content: &[u8]) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(fail)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(content).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}
