//! Secrets that must be read again are encrypted with AES-256-GCM under a master key from a file; secrets that are only
//! compared are hashed.

use std::fmt;
use std::path::Path;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::randomness::Randomness;

/// SHA-256 of a text; for credentials of high entropy only.
pub fn fingerprint(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Bytes as small hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares two fingerprints in constant time.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// What an encrypted value belongs to; a value that was moved to another row does not open.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Tenant.
    pub tenant: uuid::Uuid,
    /// Table and column.
    pub kind: &'a str,
    /// Row.
    pub row: uuid::Uuid,
}

impl Place<'_> {
    fn associated_data(&self, key_id: u32) -> Vec<u8> {
        let mut data = key_id.to_be_bytes().to_vec();
        data.extend_from_slice(self.tenant.as_bytes());
        data.extend_from_slice(self.kind.as_bytes());
        data.push(0);
        data.extend_from_slice(self.row.as_bytes());
        data
    }
}

/// A value that could not be opened, or a key file that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Encrypted under a key that is not in the file.
    #[error("no key with id {0} in the key file")]
    UnknownKey(u32),
    /// Tampered with, or of another row.
    #[error("an encrypted value does not open")]
    DoesNotOpen,
    /// The file is not readable or writable.
    #[error("key file {0}: {1}")]
    File(String, String),
    /// The file is not a key file.
    #[error("key file {0}: every line must be a number, a colon and 32 bytes in base64")]
    Malformed(String),
}

/// The master keys; the one with the highest id encrypts.
pub struct Keyring {
    keys: Vec<(u32, [u8; 32])>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Keyring({} keys)", self.keys.len())
    }
}

const NONCE_BYTES: usize = 12;

impl Keyring {
    /// A ring with one new key.
    pub fn generate(randomness: &Randomness) -> Self {
        Self {
            keys: vec![(1, randomness.bytes())],
        }
    }

    /// Reads the key file; makes one, readable by its owner only, if there is none.
    ///
    /// # Errors
    /// The file cannot be read, written or understood.
    pub fn open_or_create(path: &Path, randomness: &Randomness) -> Result<Self, SecretError> {
        if path.exists() {
            return Self::open(path);
        }
        let ring = Self::generate(randomness);
        ring.write(path)?;
        Ok(ring)
    }

    /// Reads the key file.
    ///
    /// # Errors
    /// The file cannot be read or understood.
    pub fn open(path: &Path) -> Result<Self, SecretError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| SecretError::File(name.clone(), error.to_string()))?;
        let keys = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let (id, key) = line.trim().split_once(':')?;
                let key = STANDARD.decode(key).ok()?;
                Some((id.parse().ok()?, key.try_into().ok()?))
            })
            .collect::<Option<Vec<(u32, [u8; 32])>>>()
            .filter(|keys| !keys.is_empty())
            .ok_or(SecretError::Malformed(name))?;
        Ok(Self { keys })
    }

    /// Writes the key file beside the old one and puts it in place at once, so that a crash leaves one of the two.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SecretError> {
        use std::io::Write as _;
        let fail = |error: std::io::Error| SecretError::File(path.display().to_string(), error.to_string());
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        let beside = path.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(fail)?;
        for (id, key) in &self.keys {
            writeln!(file, "{id}:{}", STANDARD.encode(key)).map_err(fail)?;
        }
        file.sync_all().map_err(fail)?;
        std::fs::rename(&beside, path).map_err(fail)
    }

    /// Adds a key, which encrypts from now on; the older ones still open what they closed.
    pub fn add_key(&mut self, randomness: &Randomness) {
        let next = self.newest().0 + 1;
        self.keys.push((next, randomness.bytes()));
    }

    /// Forgets every key but the newest.
    pub fn retire_old_keys(&mut self) {
        let newest = self.newest();
        self.keys = vec![newest];
    }

    /// Key material for a purpose of its own, derived from the oldest key so that it survives the addition of one.
    pub fn derive(&self, purpose: &str) -> [u8; 64] {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let oldest = self
            .keys
            .iter()
            .min_by_key(|(id, _)| *id)
            .map_or([0; 32], |(_, key)| *key);
        let mut output = [0; 64];
        for (block, part) in output.chunks_mut(32).enumerate() {
            if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&oldest) {
                mac.update(purpose.as_bytes());
                mac.update(&[0, u8::try_from(block).unwrap_or_default()]);
                part.copy_from_slice(&mac.finalize().into_bytes());
            }
        }
        output
    }

    fn newest(&self) -> (u32, [u8; 32]) {
        self.keys
            .iter()
            .max_by_key(|(id, _)| *id)
            .copied()
            .unwrap_or((0, [0; 32]))
    }

    /// Encrypts: key id, nonce, ciphertext with tag.
    ///
    /// # Errors
    /// Never for values of ordinary size.
    pub fn close(&self, plain: &[u8], place: &Place<'_>, randomness: &Randomness) -> Result<Vec<u8>, SecretError> {
        let (key_id, key) = self.newest();
        let nonce: [u8; NONCE_BYTES] = randomness.bytes();
        let sealed = Aes256Gcm::new(&key.into())
            .encrypt(
                &Nonce::from(nonce),
                Payload {
                    msg: plain,
                    aad: &place.associated_data(key_id),
                },
            )
            .map_err(|_| SecretError::DoesNotOpen)?;
        let mut output = key_id.to_be_bytes().to_vec();
        output.extend_from_slice(&nonce);
        output.extend_from_slice(&sealed);
        Ok(output)
    }

    /// Decrypts what [`Self::close`] made for the same place.
    ///
    /// # Errors
    /// Unknown key, tampered value, or a value of another place.
    pub fn open_value(&self, closed: &[u8], place: &Place<'_>) -> Result<Vec<u8>, SecretError> {
        let (key_id, rest) = closed.split_first_chunk::<4>().ok_or(SecretError::DoesNotOpen)?;
        let (nonce, sealed) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SecretError::DoesNotOpen)?;
        let key_id = u32::from_be_bytes(*key_id);
        let (_, key) = self
            .keys
            .iter()
            .find(|(id, _)| *id == key_id)
            .ok_or(SecretError::UnknownKey(key_id))?;
        Aes256Gcm::new(&(*key).into())
            .decrypt(
                &Nonce::from(*nonce),
                Payload {
                    msg: sealed,
                    aad: &place.associated_data(key_id),
                },
            )
            .map_err(|_| SecretError::DoesNotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn values_open_in_their_place_only_and_survive_a_new_key() {
        let randomness = Randomness::seeded(7);
        let mut ring = Keyring::generate(&randomness);
        let here = Place {
            tenant: Uuid::from_u128(1),
            kind: "webhook_endpoint.secret",
            row: Uuid::from_u128(2),
        };
        let closed = ring.close(b"whsec", &here, &randomness).expect("closed");
        ring.add_key(&randomness);
        assert_eq!(ring.open_value(&closed, &here).expect("opens"), b"whsec");
        for elsewhere in [
            Place {
                tenant: Uuid::from_u128(9),
                ..here
            },
            Place {
                row: Uuid::from_u128(9),
                ..here
            },
            Place { kind: "other", ..here },
        ] {
            assert!(ring.open_value(&closed, &elsewhere).is_err());
        }
        let mut tampered = closed.clone();
        *tampered.last_mut().expect("not empty") ^= 1;
        assert!(ring.open_value(&tampered, &here).is_err());
        ring.retire_old_keys();
        assert!(matches!(
            ring.open_value(&closed, &here),
            Err(SecretError::UnknownKey(1))
        ));
    }
}
