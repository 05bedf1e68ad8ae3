//! Password hashing with Argon2id, on blocking threads with limited concurrency and a bounded queue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::fields::FieldCode;
use domain::network::Network;
use domain::problems::Cause;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::randomness::Randomness;
use crate::{CoreError, CoreResult};

pub const MIN_PASSWORD_CHARS: usize = 12;
/// Longer passwords would only cost time.
const MAX_PASSWORD_BYTES: usize = 1_024;
/// OWASP's recommendation for a parallelism of one: about 54 ms of CPU and 46 MiB.
const MEMORY_KIB: u32 = 47_104;
/// Limits concurrent hashing, so that many sign-ins do not occupy every core.
const MAX_CONCURRENT: usize = 2;
const MAX_WAITING: usize = 32;
/// The most common passwords of 12 or more characters; shorter ones are rejected by length.
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Hashes and verifies passwords.
#[derive(Clone)]
pub struct Passwords {
    randomness: Randomness,
    concurrency: Arc<Semaphore>,
    waiting: Arc<Mutex<Waiting>>,
    /// Verified for unknown accounts, so that they take the same time as existing ones.
    dummy_hash: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(randomness: Randomness) -> Self {
        let dummy_hash = hash_now(&randomness.token(), randomness.bytes()).unwrap_or_default();
        Self {
            randomness,
            concurrency: Arc::new(Semaphore::new(MAX_CONCURRENT)),
            waiting: Arc::default(),
            dummy_hash: dummy_hash.into(),
        }
    }

    /// Validates a new password for the account with this address and hashes it.
    ///
    /// # Errors
    /// Field `password`: too short, too long, too common or the address itself; `rate_limited` if the queue is full.
    pub async fn hash(&self, password: &SecretString, email: &str) -> CoreResult<String> {
        check(password.expose_secret(), email)?;
        let password = password.clone();
        let salt = self.randomness.bytes();
        let place = self.admit(None)?;
        self.run(&place, move || hash_now(password.expose_secret(), salt))
            .await?
            .ok_or_else(|| CoreError::internal("Hashing failed."))
    }

    /// Returns whether the password matches the hash; without a hash, does the same work and returns false.
    ///
    /// # Errors
    /// `rate_limited` if the queue is full.
    pub async fn verify(&self, password: &SecretString, stored: Option<&str>) -> CoreResult<bool> {
        self.verify_in(&self.admit(None)?, password, stored).await
    }

    /// Takes a place in the queue. A person with an account has no network here; the others share what is free: a network
    /// never takes more than half of it, so that there is always a place for one that has none.
    ///
    /// # Errors
    /// `rate_limited` if the queue is full, or the share of the network.
    pub(crate) fn admit(&self, network: Option<Network>) -> CoreResult<Place> {
        let mut waiting = lock(&self.waiting);
        let of_network = network.map_or(0, |network| {
            waiting.by_network.get(&network).copied().unwrap_or_default()
        });
        let free = MAX_WAITING.saturating_sub(waiting.total);
        if free == 0 || (of_network > 0 && of_network >= free / 2) {
            return Err(CoreError::new(Cause::TooManySignIns));
        }
        waiting.total += 1;
        if let Some(network) = network {
            *waiting.by_network.entry(network).or_default() += 1;
        }
        Ok(Place {
            waiting: self.waiting.clone(),
            network,
        })
    }

    /// Like [`Self::verify`], with a place that was taken before.
    pub(crate) async fn verify_in(
        &self,
        place: &Place,
        password: &SecretString,
        stored: Option<&str>,
    ) -> CoreResult<bool> {
        let hash = stored.map_or_else(|| self.dummy_hash.to_string(), str::to_owned);
        let password = password.clone();
        let is_match = self
            .run(place, move || {
                let password = password.expose_secret();
                password.len() <= MAX_PASSWORD_BYTES
                    && PasswordHash::new(&hash)
                        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
            })
            .await?;
        Ok(is_match && stored.is_some())
    }

    async fn run<T: Send + 'static>(&self, _: &Place, work: impl FnOnce() -> T + Send + 'static) -> CoreResult<T> {
        let permit = self
            .concurrency
            .clone()
            .acquire_owned()
            .await
            .map_err(|_| CoreError::new(Cause::TooManySignIns))?;
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        })
        .await
        .map_err(|_| CoreError::internal("Hashing failed."))
    }
}

#[derive(Default)]
struct Waiting {
    total: usize,
    by_network: HashMap<Network, usize>,
}

fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A place in the queue, released on drop, also when the client disconnects while waiting.
pub(crate) struct Place {
    waiting: Arc<Mutex<Waiting>>,
    network: Option<Network>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut waiting = lock(&self.waiting);
        waiting.total -= 1;
        if let Some(network) = self.network
            && let Some(count) = waiting.by_network.get_mut(&network)
        {
            *count -= 1;
            if *count == 0 {
                waiting.by_network.remove(&network);
            }
        }
    }
}

fn check(password: &str, email: &str) -> CoreResult<()> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        return Err(CoreError::field(
            "password",
            FieldCode::PasswordTooShort {
                min: MIN_PASSWORD_CHARS,
            },
        ));
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(CoreError::field(
            "password",
            FieldCode::TooManyBytes {
                max: MAX_PASSWORD_BYTES,
            },
        ));
    }
    let lower = password.to_lowercase();
    if lower == email.to_lowercase() {
        return Err(CoreError::field("password", FieldCode::PasswordIsEmail));
    }
    if COMMON_PASSWORDS.lines().any(|common| common == lower) {
        return Err(CoreError::field("password", FieldCode::PasswordTooCommon));
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
    use domain::problems::Problem;

    use super::*;

    #[tokio::test]
    async fn verify_wrong_password_or_no_hash_returns_false() {
        let passwords = Passwords::new(Randomness::seeded(1));
        let hash = passwords
            .hash(&"correct horse battery".into(), "a@example.org")
            .await
            .expect("password is hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=47104,t=1,p=1$"));
        assert!(
            passwords
                .verify(&"correct horse battery".into(), Some(&hash))
                .await
                .expect("verification runs")
        );
        assert!(
            !passwords
                .verify(&"Correct horse battery".into(), Some(&hash))
                .await
                .expect("verification runs")
        );
        assert!(
            !passwords
                .verify(&"correct horse battery".into(), None)
                .await
                .expect("verification runs")
        );
    }

    #[tokio::test]
    async fn queue_abandoned_waits_release_their_slots() {
        let passwords = Passwords::new(Randomness::seeded(1));
        let permits = passwords
            .concurrency
            .clone()
            .acquire_many_owned(2)
            .await
            .expect("both permits are free");
        for _ in 0..3 {
            let mut waits = Vec::new();
            for _ in 0..MAX_WAITING {
                let passwords = passwords.clone();
                let mut wait = Box::pin(async move { passwords.verify(&"x".into(), None).await });
                assert!(futures::poll!(&mut wait).is_pending());
                waits.push(wait);
            }
            let refused = passwords.verify(&"x".into(), None).await.expect_err("queue is full");
            assert_eq!(refused.problem, Problem::RateLimited);
        }
        drop(permits);
        assert_eq!(passwords.verify(&"x".into(), None).await, Ok(false));
    }

    #[test]
    fn queue_flooded_from_networks_has_a_place_for_another() {
        let passwords = Passwords::new(Randomness::seeded(1));
        let network = |last: u8| Some(Network::of(std::net::IpAddr::from([192, 0, 2, last])));
        let fill = |last: u8| std::iter::from_fn(|| passwords.admit(network(last)).ok()).collect::<Vec<_>>();
        let mut taken = fill(1);
        assert_eq!(taken.len(), 11);
        for last in 2..=6 {
            let others = fill(last);
            assert!(!others.is_empty(), "network {last}");
            taken.extend(others);
        }
        assert!(passwords.admit(network(1)).is_err(), "the network that floods waits");
        drop(taken);
        assert_eq!(fill(1).len(), 11, "places are given back");
    }

    #[tokio::test]
    async fn hash_weak_password_returns_its_error_code() {
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
                .expect_err("password is rejected");
            assert_eq!(error.fields[0].code.code(), code, "{password}");
        }
    }
}
