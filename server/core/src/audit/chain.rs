//! The hash of an entry, and the keys that make it one that only the servers can compute.

use chrono::{DateTime, SecondsFormat, Utc};
use ed25519_dalek::{Signature, Signer as _, SigningKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::audit::model::ChainRow;
use crate::secrets::{AssociatedData, Keyring, expand};

/// The key of the chain. It is derived from a master key, and has its ID.
#[derive(Clone)]
pub(crate) struct AuditKey {
    pub(crate) id: i64,
    root: [u8; 32],
}

impl std::fmt::Debug for AuditKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "AuditKey({})", self.id)
    }
}

impl AuditKey {
    /// Derives the key that hashes new entries.
    pub(crate) fn newest(ring: &Keyring) -> Self {
        let (id, root) = ring.derive_from_newest("audit");
        Self { id: id.into(), root }
    }

    /// Derives the key with an ID, if the master key is in the file.
    pub(crate) fn find(ring: &Keyring, id: i64) -> Option<Self> {
        let root = ring.derive_from(u32::try_from(id).ok()?, "audit")?;
        Some(Self { id, root })
    }

    /// Opens the key of a replaced master key.
    pub(crate) fn unseal(ring: &Keyring, id: i64, sealed: &[u8]) -> Option<Self> {
        let root = ring.unseal(sealed, &key_context(id)).ok()?.try_into().ok()?;
        Some(Self { id, root })
    }

    pub(crate) fn root(&self) -> &[u8; 32] {
        &self.root
    }

    fn derive(&self, purpose: &str) -> [u8; 32] {
        expand(&self.root, purpose)
    }

    fn signing_key(&self) -> SigningKey {
        SigningKey::from_bytes(&self.derive("audit-checkpoint"))
    }

    /// Returns the Ed25519 key that verifies checkpoints.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.signing_key().verifying_key().to_bytes()
    }

    /// Signs a state of a chain.
    pub(crate) fn sign(&self, state: &ChainState<'_>) -> Vec<u8> {
        self.signing_key().sign(&state.to_bytes(self.id)).to_bytes().to_vec()
    }

    /// Returns whether a signature was made with this key.
    pub(crate) fn verifies(&self, state: &ChainState<'_>, signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|signature| {
            self.signing_key()
                .verifying_key()
                .verify_strict(&state.to_bytes(self.id), &signature)
                .is_ok()
        })
    }
}

/// The associated data of the key of a replaced master key.
pub(crate) fn key_context(id: i64) -> AssociatedData<'static> {
    AssociatedData {
        tenant: uuid::Uuid::nil(),
        kind: "audit_key.sealed",
        row: uuid::Uuid::from_u128(u128::from(id.unsigned_abs())),
    }
}

/// What a checkpoint signs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChainState<'a> {
    pub tenant: uuid::Uuid,
    pub sequence: i64,
    pub hash: &'a [u8],
    pub at: DateTime<Utc>,
}

impl ChainState<'_> {
    fn to_bytes(self, key_id: i64) -> Vec<u8> {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let mut bytes = Vec::new();
        for part in [
            b"ordinavo-audit-checkpoint-1" as &[u8],
            self.tenant.as_bytes(),
            &self.sequence.to_be_bytes(),
            self.hash,
            at.as_bytes(),
            &key_id.to_be_bytes(),
        ] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        bytes
    }
}

/// The contents of an entry that its hash covers.
pub(crate) struct Entry<'a> {
    pub previous: &'a [u8],
    pub sequence: i64,
    pub at: DateTime<Utc>,
    pub actor: &'a str,
    pub action: &'a str,
    pub subject: &'a str,
    pub details: &'a serde_json::Value,
}

impl<'a> From<&'a ChainRow> for Entry<'a> {
    fn from(row: &'a ChainRow) -> Self {
        Self {
            previous: &row.previous_hash,
            sequence: row.sequence,
            at: row.at,
            actor: &row.actor,
            action: &row.action,
            subject: &row.subject,
            details: &row.details,
        }
    }
}

impl Entry<'_> {
    /// Passes each part with its length in front, so that parts cannot shift. Details are in the canonical form of
    /// `serde_json` (members sorted by name).
    fn visit(&self, mut update: impl FnMut(&[u8])) {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        for part in [
            self.previous,
            &self.sequence.to_be_bytes(),
            at.as_bytes(),
            self.actor.as_bytes(),
            self.action.as_bytes(),
            self.subject.as_bytes(),
            self.details.to_string().as_bytes(),
        ] {
            update(&(part.len() as u64).to_be_bytes());
            update(part);
        }
    }

    /// Computes the HMAC-SHA-256 of an entry.
    pub(crate) fn keyed_hash(&self, key: &AuditKey) -> Vec<u8> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key.derive("audit-chain")).expect("HMAC takes keys of any length");
        mac.update(&key.id.to_be_bytes());
        self.visit(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    }

    /// Computes the hash of an entry of an earlier version, which anybody can compute.
    pub(crate) fn plain_hash(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        self.visit(|part| hasher.update(part));
        hasher.finalize().to_vec()
    }
}
