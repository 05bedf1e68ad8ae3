//! The only source of randomness; tests seed it.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use uuid::Uuid;

/// A shared, cryptographically secure random number generator.
#[derive(Debug, Clone)]
pub struct Randomness(Arc<Mutex<ChaCha20Rng>>);

impl Randomness {
    /// Returns a generator seeded by the operating system.
    pub fn from_system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks the operating system for a seed"
        )]
        let generator = rand::make_rng();
        Self(Arc::new(Mutex::new(generator)))
    }

    /// Returns a generator with a fixed seed, for tests and reproducible demo data.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }

    /// Returns 256 random bits in URL-safe base64.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// Returns a random number from 0 (inclusive) to 1 (exclusive).
    pub fn fraction(&self) -> f64 {
        let bits = u64::from_be_bytes(self.bytes()) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let numerator = bits as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// Returns a random index below `length`, which must not be zero.
    pub fn index_below(&self, length: usize) -> usize {
        let wide = u128::from(u64::from_be_bytes(self.bytes())) * length as u128;
        (wide >> 64) as usize
    }

    /// Returns a UUIDv7 for the given time.
    pub fn uuid_v7(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
