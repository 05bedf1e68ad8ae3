//! Passwords: argon2id, hashed away from the request threads, two at a time, with a bounded queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::problems::Problem;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::randomness::Randomness;
use crate::{CoreError, CoreResult};

/// The shortest password, in characters.
pub const LEAST_CHARACTERS: usize = 12;
/// The longest password, in bytes; longer ones would only cost time.
const MOST_BYTES: usize = 1_024;
/// OWASP's setting for one lane: about 54 ms of CPU and 46 MiB.
const MEMORY_KIB: u32 = 47_104;
/// How many hashes run at once, so that a flood of sign-ins leaves a core for everybody else.
const AT_ONCE: usize = 2;
/// How many may wait; the next one is told to come back.
const MOST_WAITING: usize = 32;
/// The commonest passwords of 12 or more characters; shorter ones are refused by length.
const COMMON: &str = include_str!("common_passwords.txt");

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    randomness: Randomness,
    lanes: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// A hash of a random text: verified against for unknown accounts, so that they cost the same.
    decoy: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(randomness: Randomness) -> Self {
        let decoy = hash_now(&randomness.token(), randomness.bytes()).unwrap_or_default();
        Self {
            randomness,
            lanes: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::default(),
            decoy: decoy.into(),
        }
    }

    /// Checks a new password for the account with this address and hashes it.
    ///
    /// # Errors
    /// Field `password`: too short, too long, too common or the address itself; `rate_limited` when too many are waiting.
    pub async fn hash(&self, password: &SecretString, email: &str) -> CoreResult<String> {
        check(password.expose_secret(), email)?;
        let password = password.clone();
        let salt = self.randomness.bytes();
        self.run(move || hash_now(password.expose_secret(), salt))
            .await?
            .ok_or_else(|| CoreError::new(Problem::InternalError, "Hashing failed."))
    }

    /// Whether the password belongs to the hash; without a hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// `rate_limited` when too many are waiting.
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> CoreResult<bool> {
        let hash = stored.map_or_else(|| self.decoy.to_string(), str::to_owned);
        let password = password.clone();
        let matches = self
            .run(move || {
                let password = password.expose_secret();
                password.len() <= MOST_BYTES
                    && PasswordHash::new(&hash)
                        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(matches && stored.is_some())
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> CoreResult<T> {
        let busy = || CoreError::new(Problem::RateLimited, "Too many people are signing in at this moment.");
        let place = Waiting::take(&self.waiting).ok_or_else(busy)?;
        let lane = self.lanes.clone().acquire_owned().await.map_err(|_| busy())?;
        drop(place);
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(lane);
            result
        })
        .await
        .map_err(|_| CoreError::new(Problem::InternalError, "Hashing failed."))
    }
}

/// A place in the queue. It is given back when it is dropped, also when the client has gone away while it waited.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(waiting.clone());
        (waiting.fetch_add(1, Ordering::SeqCst) < MOST_WAITING).then_some(place)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn check(password: &str, email: &str) -> CoreResult<()> {
    if password.chars().count() < LEAST_CHARACTERS {
        return Err(CoreError::field(
            "password",
            "password_too_short",
            format!("At least {LEAST_CHARACTERS} characters are required."),
        ));
    }
    if password.len() > MOST_BYTES {
        return Err(CoreError::field(
            "password",
            "value_too_long",
            format!("At most {MOST_BYTES} bytes are allowed."),
        ));
    }
    let lower = password.to_lowercase();
    if lower == email.to_lowercase() {
        return Err(CoreError::field(
            "password",
            "password_is_email",
            "The own address is no secret.",
        ));
    }
    if COMMON.lines().any(|common| common == lower) {
        return Err(CoreError::field(
            "password",
            "password_too_common",
            "This password is among the first that attackers try.",
        ));
    }
    Ok(())
}

fn hasher() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(MEMORY_KIB, 1, 1, None).unwrap_or_default(),
    )
}

fn hash_now(password: &str, salt: [u8; 16]) -> Option<String> {
    let hash: PasswordHash = hasher().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
    Some(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits() {
        let passwords = Passwords::new(Randomness::seeded(1));
        let hash = passwords
            .hash(&"correct horse battery".into(), "a@example.org")
            .await
            .expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
        assert!(
            passwords
                .verify(&"correct horse battery".into(), Some(&hash))
                .await
                .expect("verified")
        );
        assert!(
            !passwords
                .verify(&"Correct horse battery".into(), Some(&hash))
                .await
                .expect("verified")
        );
        assert!(
            !passwords
                .verify(&"correct horse battery".into(), None)
                .await
                .expect("verified")
        );
    }

    /// Clients that go away while they wait give their place back.
    #[tokio::test]
    async fn abandoned_waits_do_not_fill_the_queue() {
        let passwords = Passwords::new(Randomness::seeded(1));
        let lanes = passwords.lanes.clone().acquire_many_owned(2).await.expect("both lanes");
        for _ in 0..3 {
            let mut waits = Vec::new();
            for _ in 0..MOST_WAITING {
                let passwords = passwords.clone();
                let mut wait = Box::pin(async move { passwords.verify(&"x".into(), None).await });
                assert!(futures::poll!(&mut wait).is_pending());
                waits.push(wait);
            }
            let refused = passwords
                .verify(&"x".into(), None)
                .await
                .expect_err("the queue is full");
            assert_eq!(refused.problem, Problem::RateLimited);
        }
        drop(lanes);
        assert_eq!(passwords.verify(&"x".into(), None).await, Ok(false));
    }

    #[tokio::test]
    async fn weak_passwords_are_refused_by_name() {
        let passwords = Passwords::new(Randomness::seeded(1));
        for (password, code) in [
            ("short", "password_too_short"),
            ("password1234", "password_too_common"),
            ("QWERTYUIOP123", "password_too_common"),
            ("Petra.Kern@Example.org", "password_is_email"),
        ] {
            let error = passwords
                .hash(&password.into(), "petra.kern@example.org")
                .await
                .expect_err("weak");
            assert_eq!(error.fields[0].code, code, "{password}");
        }
    }
}
