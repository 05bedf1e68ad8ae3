//! Encryption and hashing of secrets: those that must be read again are sealed with AES-256-GCM under a master key from a
//! file; those that are only compared are hashed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::randomness::Randomness;

/// Returns the SHA-256 digest; as a credential hash it is safe for high-entropy secrets only.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    Sha256::digest(bytes).to_vec()
}

/// Returns the bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Parses lowercase hexadecimal digits.
pub fn parse_hex(text: &str) -> Option<Vec<u8>> {
    HEXLOWER.decode(text.as_bytes()).ok()
}

/// Parses a SHA-256 digest from hexadecimal digits of either case.
pub fn parse_digest(text: &str) -> Option<[u8; 32]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// Compares two digests in constant time.
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// The associated data that binds a sealed value to its row: a value copied to another row cannot be unsealed.
#[derive(Debug, Clone, Copy)]
pub struct AssociatedData<'a> {
    pub tenant: uuid::Uuid,
    /// The table and column, as `table.column`.
    pub kind: &'a str,
    pub row: uuid::Uuid,
}

impl AssociatedData<'_> {
    fn to_bytes(self, key_id: u32) -> Vec<u8> {
        let mut data = key_id.to_be_bytes().to_vec();
        data.extend_from_slice(self.tenant.as_bytes());
        data.extend_from_slice(self.kind.as_bytes());
        data.push(0);
        data.extend_from_slice(self.row.as_bytes());
        data
    }
}

/// An error while unsealing a value or accessing the key file.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The value was sealed under a key that is not in the file.
    #[error("no key with id {0} in the key file")]
    UnknownKey(u32),
    /// The value was tampered with or belongs to another row.
    #[error("encrypted value cannot be decrypted")]
    DecryptionFailed,
    /// The key file cannot be read or written.
    #[error("key file {0}: {1}")]
    File(String, String),
    /// The file is not a key file.
    #[error("key file {0}: every line must be a number, a colon and 32 bytes in base64")]
    Malformed(String),
}

/// The master keys; the one with the highest ID encrypts.
pub struct Keyring {
    keys: Vec<(u32, [u8; 32])>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Keyring({} keys)", self.keys.len())
    }
}

/// The keyring of a process. It reads the key file again when a value was sealed under a key that was added meanwhile.
pub(crate) struct SharedKeyring {
    ring: RwLock<Arc<Keyring>>,
    path: Option<PathBuf>,
}

impl SharedKeyring {
    /// Shares a keyring; without a path, it never changes.
    pub(crate) fn new(ring: Keyring, path: Option<PathBuf>) -> Self {
        Self {
            ring: RwLock::new(Arc::new(ring)),
            path,
        }
    }

    /// Returns the keys as they were last read.
    pub(crate) fn current(&self) -> Arc<Keyring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the key file again. One that cannot be read leaves the keys as they are.
    pub(crate) fn reload(&self) -> Arc<Keyring> {
        if let Some(Ok(ring)) = self.path.as_deref().map(Keyring::open) {
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
        }
        self.current()
    }

    pub(crate) fn derive(&self, purpose: &str) -> [u8; 64] {
        self.current().derive(purpose)
    }

    pub(crate) fn mac(&self, purpose: &str, secret: &[u8]) -> Vec<u8> {
        self.current().mac(purpose, secret)
    }

    pub(crate) fn seal(
        &self,
        plaintext: &[u8],
        context: &AssociatedData<'_>,
        randomness: &Randomness,
    ) -> Result<Vec<u8>, SecretError> {
        self.current().seal(plaintext, context, randomness)
    }

    pub(crate) fn unseal(&self, sealed: &[u8], context: &AssociatedData<'_>) -> Result<Vec<u8>, SecretError> {
        match self.current().unseal(sealed, context) {
            Err(SecretError::UnknownKey(_)) => self.reload().unseal(sealed, context),
            outcome => outcome,
        }
    }
}

const NONCE_BYTES: usize = 12;

impl Keyring {
    /// Generates a keyring with one key.
    pub fn generate(randomness: &Randomness) -> Self {
        Self {
            keys: vec![(1, randomness.bytes())],
        }
    }

    /// Creates a key file with one key, readable by its owner only, unless another process was faster; returns what the
    /// file contains.
    pub fn create(path: &Path, randomness: &Randomness) -> Result<Self, SecretError> {
        let ring = Self::generate(randomness);
        let temporary = ring.write_beside(path, randomness)?;
        // A link fails if the file exists, so two processes cannot each use a key of their own.
        let linked = std::fs::hard_link(&temporary, path);
        let _ = std::fs::remove_file(&temporary);
        match linked {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(SecretError::File(path.display().to_string(), error.to_string()))
            }
            _ => Self::open(path),
        }
    }

    /// Reads the key file.
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

    /// Writes the key file atomically: to a temporary file that is then renamed, so a crash leaves the old or the new one.
    pub fn write(&self, path: &Path, randomness: &Randomness) -> Result<(), SecretError> {
        let temporary = self.write_beside(path, randomness)?;
        #[cfg(unix)]
        if let Ok(replaced) = std::fs::metadata(path) {
            use std::os::unix::fs::MetadataExt as _;
            // Root replaces the file of the service user, who must be able to read it afterwards.
            let own = std::fs::metadata(&temporary).map(|own| (own.uid(), own.gid())).ok();
            if own != Some((replaced.uid(), replaced.gid()))
                && let Err(error) = std::os::unix::fs::chown(&temporary, Some(replaced.uid()), Some(replaced.gid()))
            {
                let _ = std::fs::remove_file(&temporary);
                return Err(SecretError::File(path.display().to_string(), error.to_string()));
            }
        }
        std::fs::rename(&temporary, path)
            .map_err(|error| SecretError::File(path.display().to_string(), error.to_string()))
    }

    /// Writes a file of its own next to the key file, readable by its owner only, and returns its path.
    fn write_beside(&self, path: &Path, randomness: &Randomness) -> Result<PathBuf, SecretError> {
        use std::io::Write as _;
        let file_error = |error: std::io::Error| SecretError::File(path.display().to_string(), error.to_string());
        if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            crate::private_folder::create(directory).map_err(file_error)?;
        }
        let temporary = path.with_extension(hex(&randomness.bytes::<8>()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary).map_err(file_error)?;
        for (id, key) in &self.keys {
            writeln!(file, "{id}:{}", STANDARD.encode(key)).map_err(file_error)?;
        }
        file.sync_all().map_err(file_error)?;
        Ok(temporary)
    }

    /// Adds a key that seals new values; the older keys still unseal existing ones.
    pub fn add_key(&mut self, randomness: &Randomness) {
        let next = self.newest().0 + 1;
        self.keys.push((next, randomness.bytes()));
    }

    /// Removes every key but the newest.
    pub fn remove_old_keys(&mut self) {
        let newest = self.newest();
        self.keys = vec![newest];
    }

    /// Derives key material for a purpose with HKDF-SHA-256 (RFC 5869) from the oldest key, so that adding a key does not
    /// change it.
    ///
    /// # Panics
    /// Never: HKDF yields up to 8160 bytes.
    pub fn derive(&self, purpose: &str) -> [u8; 64] {
        let oldest = self
            .keys
            .iter()
            .min_by_key(|(id, _)| *id)
            .map_or([0; 32], |(_, key)| *key);
        expand(&oldest, purpose)
    }

    /// Derives 32 bytes for a purpose from the key with an ID.
    pub(crate) fn derive_from(&self, id: u32, purpose: &str) -> Option<[u8; 32]> {
        let (_, key) = self.keys.iter().find(|(found, _)| *found == id)?;
        Some(expand(key, purpose))
    }

    /// Derives 32 bytes for a purpose from the newest key, and returns its ID.
    pub(crate) fn derive_from_newest(&self, purpose: &str) -> (u32, [u8; 32]) {
        let (id, key) = self.newest();
        (id, expand(&key, purpose))
    }

    /// Returns the ID of the key that seals new values.
    pub(crate) fn newest_id(&self) -> u32 {
        self.newest().0
    }

    pub(crate) fn ids(&self) -> Vec<u32> {
        self.keys.iter().map(|(id, _)| *id).collect()
    }

    /// Returns the HMAC-SHA-256 of a short secret under a key for the purpose: a reader of the database cannot try all
    /// secrets.
    ///
    /// # Panics
    /// Never: HMAC accepts keys of any length.
    pub fn mac(&self, purpose: &str, secret: &[u8]) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.derive(purpose)).expect("HMAC accepts keys of any length");
        mac.update(secret);
        mac.finalize().into_bytes().to_vec()
    }

    fn newest(&self) -> (u32, [u8; 32]) {
        self.keys
            .iter()
            .max_by_key(|(id, _)| *id)
            .copied()
            .unwrap_or((0, [0; 32]))
    }

    /// Encrypts a value; the result is key ID, nonce, and ciphertext with tag.
    pub fn seal(
        &self,
        plaintext: &[u8],
        context: &AssociatedData<'_>,
        randomness: &Randomness,
    ) -> Result<Vec<u8>, SecretError> {
        let (key_id, key) = self.newest();
        let nonce: [u8; NONCE_BYTES] = randomness.bytes();
        let ciphertext = Aes256Gcm::new(&key.into())
            .encrypt(
                &Nonce::from(nonce),
                Payload {
                    msg: plaintext,
                    aad: &context.to_bytes(key_id),
                },
            )
            .map_err(|_| SecretError::DecryptionFailed)?;
        let mut output = key_id.to_be_bytes().to_vec();
        output.extend_from_slice(&nonce);
        output.extend_from_slice(&ciphertext);
        Ok(output)
    }

    /// Decrypts a value that [`Self::seal`] sealed with the same associated data.
    pub fn unseal(&self, sealed: &[u8], context: &AssociatedData<'_>) -> Result<Vec<u8>, SecretError> {
        let (key_id, rest) = sealed.split_first_chunk::<4>().ok_or(SecretError::DecryptionFailed)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or(SecretError::DecryptionFailed)?;
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
                    msg: ciphertext,
                    aad: &context.to_bytes(key_id),
                },
            )
            .map_err(|_| SecretError::DecryptionFailed)
    }
}

/// Returns the ID of the key that sealed a value.
pub(crate) fn key_id(sealed: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(*sealed.first_chunk::<4>()?))
}

/// Expands a key with HKDF-SHA-256 (RFC 5869).
pub(crate) fn expand<const BYTES: usize>(key: &[u8; 32], purpose: &str) -> [u8; BYTES] {
    let mut output = [0; BYTES];
    Hkdf::<Sha256>::new(None, key)
        .expand(purpose.as_bytes(), &mut output)
        .expect("HKDF-SHA-256 yields up to 8160 bytes");
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn derived_key_material_stays_the_same_when_a_key_is_added() {
        let mut ring = Keyring {
            keys: vec![(1, [7; 32])],
        };
        let expected = "41ed3fad1119793fca8810010844ff8a91d2c961286cb99d5f9fb8fa4270d976\
                        a46d4bf811bd86228bcdf9705a731b806991e16437f8eccbca3b0b62746bb728";
        assert_eq!(hex(&ring.derive("session-cookies")), expected);
        ring.add_key(&Randomness::seeded(7));
        assert_eq!(hex(&ring.derive("session-cookies")), expected);
        assert_ne!(hex(&ring.derive("form-ticket")), expected);
    }

    #[test]
    fn sealed_value_other_row_tampered_or_retired_key_is_not_unsealed() {
        let randomness = Randomness::seeded(7);
        let mut ring = Keyring::generate(&randomness);
        let context = AssociatedData {
            tenant: Uuid::from_u128(1),
            kind: "webhook_endpoint.secret",
            row: Uuid::from_u128(2),
        };
        let sealed = ring.seal(b"whsec", &context, &randomness).expect("value is sealed");
        ring.add_key(&randomness);
        assert_eq!(ring.unseal(&sealed, &context).expect("value is unsealed"), b"whsec");
        for other in [
            AssociatedData {
                tenant: Uuid::from_u128(9),
                ..context
            },
            AssociatedData {
                row: Uuid::from_u128(9),
                ..context
            },
            AssociatedData {
                kind: "other",
                ..context
            },
        ] {
            assert!(ring.unseal(&sealed, &other).is_err());
        }
        let mut tampered = sealed.clone();
        *tampered.last_mut().expect("sealed value is not empty") ^= 1;
        assert!(ring.unseal(&tampered, &context).is_err());
        ring.remove_old_keys();
        assert!(matches!(
            ring.unseal(&sealed, &context),
            Err(SecretError::UnknownKey(1))
        ));
    }
}
