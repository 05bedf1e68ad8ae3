//! The only source of randomness. Tests seed it.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use uuid::Uuid;

/// A cryptographically secure generator, shared by all who need one.
#[derive(Debug, Clone)]
pub struct Randomness(Arc<Mutex<ChaCha20Rng>>);

impl Randomness {
    /// Seeded by the operating system.
    pub fn from_system() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that asks the operating system for a seed"
        )]
        let generator = rand::make_rng();
        Self(Arc::new(Mutex::new(generator)))
    }

    /// The same numbers for the same seed; for tests and for demo data that must not change its shape.
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(ChaCha20Rng::seed_from_u64(seed))))
    }

    /// Random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill_bytes(&mut bytes);
        bytes
    }

    /// A text of 256 random bits that is safe in URLs.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    /// A random share from 0 (inclusive) to 1 (exclusive).
    pub fn share(&self) -> f64 {
        let bits = u64::from_be_bytes(self.bytes()) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let numerator = bits as f64;
        numerator / 9_007_199_254_740_992.0
    }

    /// An index below `length`, which must not be zero.
    pub fn below(&self, length: usize) -> usize {
        let wide = u128::from(u64::from_be_bytes(self.bytes())) * length as u128;
        (wide >> 64) as usize
    }

    /// A UUIDv7 of that moment.
    pub fn uuid_v7(&self, now: DateTime<Utc>) -> Uuid {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
