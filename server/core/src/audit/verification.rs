//! Verifies chains page by page, and signs checkpoints.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::chain::{AuditKey, ChainState, Entry, key_context};
use crate::audit::model::Checkpoint;
use crate::audit::store::chains;
use crate::db::purpose::{Administration, KeyRotation};
use crate::db::{StoreError, SystemTx, Tx};
use crate::identity::actors::TenantId;
use crate::secrets::{AssociatedData, Keyring, constant_time_eq, hex, parse_hex};
use crate::{Core, CoreError, CoreResult};

const CHAIN_STARTS: AssociatedData<'static> = AssociatedData {
    tenant: Uuid::nil(),
    kind: "installation.sealed_chain_starts",
    row: Uuid::nil(),
};

/// Entries in memory at a time.
const VERIFICATION_PAGE: i64 = 1_000;

/// What was verified, and the first problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// The number of entries that are as they were written.
    pub verified: i64,
    /// The time of the last of them.
    pub verified_until: Option<DateTime<Utc>>,
    /// The first entry whose hash needs the key; entries before it were written by an earlier version.
    pub keyed_from: i64,
    /// The latest checkpoint that the chain agrees with.
    pub checkpoint: Option<AgreedCheckpoint>,
    pub problem: Option<ChainProblem>,
}

/// A checkpoint that a chain agrees with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedCheckpoint {
    pub sequence: i64,
    pub at: DateTime<Utc>,
}

/// Why a chain is not intact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "code")]
pub enum ChainProblem {
    /// The entry was changed, inserted, or hashed without the key, or the one before it was removed.
    Entry { sequence: i64 },
    /// The entries after this one were removed: the counter or a checkpoint knows of more.
    Missing { from: i64, until: i64 },
    /// There are entries that were not counted.
    Surplus { from: i64 },
    /// The key of the entry is neither in the key file nor among the replaced ones.
    UnknownKey { sequence: i64 },
    /// The chain is not the one of this checkpoint.
    Checkpoint { sequence: i64 },
    /// The checkpoint was changed, or signed by another installation.
    Signature { sequence: i64 },
}

/// A chain with its result.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantVerification {
    pub tenant: String,
    #[serde(skip)]
    pub tenant_id: Uuid,
    #[serde(flatten)]
    pub verification: Verification,
}

/// The signed states of all chains, as a file that is kept elsewhere.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointFile {
    pub version: u32,
    pub created_at: DateTime<Utc>,
    pub key_id: i64,
    /// The Ed25519 key of the signatures, in hexadecimal digits.
    pub public_key: String,
    pub chains: Vec<ChainCheckpoint>,
}

/// The signed state of a chain.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChainCheckpoint {
    pub tenant: String,
    pub tenant_id: String,
    pub sequence: i64,
    pub hash: String,
    pub signature: String,
}

/// Finds the keys of entries: in the key file, or among the replaced ones.
struct Keys<'a> {
    ring: &'a Keyring,
    replaced: BTreeMap<i64, Vec<u8>>,
    found: BTreeMap<i64, Option<AuditKey>>,
}

impl<'a> Keys<'a> {
    async fn read(ring: &'a Keyring, tx: &mut Tx) -> Result<Self, StoreError> {
        Ok(Self {
            ring,
            replaced: chains::replaced_keys(tx).await?.into_iter().collect(),
            found: BTreeMap::new(),
        })
    }

    fn get(&mut self, id: i64) -> Option<&AuditKey> {
        let (ring, replaced) = (self.ring, &self.replaced);
        self.found
            .entry(id)
            .or_insert_with(|| AuditKey::find(ring, id).or_else(|| AuditKey::unseal(ring, id, replaced.get(&id)?)))
            .as_ref()
    }
}

/// Verifies the chain of a tenant up to the last entry at the beginning, and compares it with the counter and with
/// checkpoints. Holds one page of entries in memory.
pub(crate) async fn verify_chain(
    core: &Core,
    tx: &mut Tx,
    tenant: TenantId,
    checkpoints: &[Checkpoint],
) -> CoreResult<Verification> {
    // An entry may have a key that was added while this process runs.
    let ring = core.keyring.reload();
    let mut keys = Keys::read(&ring, tx).await?;
    let keyed_from = chain_starts(&ring, tx).await?.get(&tenant.uuid()).copied().unwrap_or(1);
    let (counted, last) = chains::extent(tx, tenant).await?;
    let mut result = Verification {
        verified: 0,
        verified_until: None,
        keyed_from,
        checkpoint: None,
        problem: None,
    };
    let forged = checkpoints
        .iter()
        .find(|checkpoint| !is_signed(&mut keys, tenant, checkpoint));
    if let Some(Checkpoint { sequence, .. }) = forged {
        result.problem = Some(ChainProblem::Signature { sequence: *sequence });
        return Ok(result);
    }
    let mut checkpoints: Vec<&Checkpoint> = checkpoints.iter().collect();
    checkpoints.sort_by_key(|checkpoint| checkpoint.sequence);
    let mut checkpoints = checkpoints.into_iter().peekable();
    let mut previous = vec![0; 32];
    'pages: while result.verified < last {
        let rows = chains::entries_after(tx, tenant, result.verified, VERIFICATION_PAGE).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows.iter().take_while(|row| row.sequence <= last) {
            let sequence = result.verified + 1;
            let entry = Entry::from(row);
            let hash = match row.key_id {
                None if sequence < keyed_from => Some(entry.plain_hash()),
                Some(id) if sequence >= keyed_from => match keys.get(id) {
                    Some(key) => Some(entry.keyed_hash(key)),
                    None => {
                        result.problem = Some(ChainProblem::UnknownKey { sequence });
                        break 'pages;
                    }
                },
                _ => None,
            };
            let is_intact = row.sequence == sequence
                && row.previous_hash == previous
                && hash.is_some_and(|hash| constant_time_eq(&hash, &row.hash));
            if !is_intact {
                result.problem = Some(ChainProblem::Entry { sequence });
                break 'pages;
            }
            result.verified = sequence;
            result.verified_until = Some(row.at);
            previous.clone_from(&row.hash);
            while let Some(checkpoint) = checkpoints.next_if(|checkpoint| checkpoint.sequence <= sequence) {
                if !agrees(checkpoint, sequence, &previous) {
                    result.problem = Some(ChainProblem::Checkpoint {
                        sequence: checkpoint.sequence,
                    });
                    break 'pages;
                }
                result.checkpoint = Some(AgreedCheckpoint {
                    sequence: checkpoint.sequence,
                    at: checkpoint.at,
                });
            }
        }
    }
    if result.problem.is_none() {
        let expected = counted.max(checkpoints.last().map_or(0, |checkpoint| checkpoint.sequence));
        result.problem = if result.verified < expected {
            Some(ChainProblem::Missing {
                from: result.verified + 1,
                until: expected,
            })
        } else if last > counted {
            Some(ChainProblem::Surplus { from: counted + 1 })
        } else {
            None
        };
    }
    Ok(result)
}

/// Returns whether the chain has the hash of a checkpoint.
fn agrees(checkpoint: &Checkpoint, sequence: i64, hash: &[u8]) -> bool {
    checkpoint.sequence == 0 || (checkpoint.sequence == sequence && checkpoint.hash == hash)
}

/// Returns whether a checkpoint was signed by this installation.
fn is_signed(keys: &mut Keys<'_>, tenant: TenantId, checkpoint: &Checkpoint) -> bool {
    let state = ChainState {
        tenant: tenant.uuid(),
        sequence: checkpoint.sequence,
        hash: &checkpoint.hash,
        at: checkpoint.at,
    };
    keys.get(checkpoint.key_id)
        .is_some_and(|key| key.verifies(&state, &checkpoint.signature))
}

/// Returns where the keyed part of each chain of an earlier version begins. The list is sealed, so that nobody without the
/// master key can declare a part of a chain to be older than the key.
pub(crate) async fn chain_starts(ring: &Keyring, tx: &mut Tx) -> CoreResult<BTreeMap<Uuid, i64>> {
    let Some(sealed) = chains::sealed_starts(tx).await? else {
        return Ok(BTreeMap::new());
    };
    let text = ring.unseal(&sealed, &CHAIN_STARTS).map_err(CoreError::internal)?;
    let starts: BTreeMap<String, i64> = serde_json::from_slice(&text).map_err(CoreError::internal)?;
    Ok(starts
        .into_iter()
        .filter_map(|(tenant, start)| Some((tenant.parse().ok()?, start)))
        .collect())
}

/// Verifies the chains of all tenants or of one, also against the last stored checkpoint and those of files.
///
/// # Errors
/// `not_found` for an unknown tenant.
pub async fn verify_all(
    core: &Core,
    slug: Option<&str>,
    files: &[CheckpointFile],
) -> CoreResult<Vec<TenantVerification>> {
    let tenants = chosen_tenants(core, slug).await?;
    let mut results = Vec::new();
    for (tenant, slug) in tenants {
        let mut tx = core.store.read_system().await?;
        let mut checkpoints = chains::last_checkpoint(&mut tx.tx, tenant).await?;
        for file in files {
            for chain in file
                .chains
                .iter()
                .filter(|chain| chain.tenant_id == tenant.uuid().to_string())
            {
                checkpoints.push(Checkpoint {
                    sequence: chain.sequence,
                    // What cannot be parsed does not agree.
                    hash: parse_hex(&chain.hash).unwrap_or_default(),
                    at: file.created_at,
                    key_id: file.key_id,
                    signature: parse_hex(&chain.signature).unwrap_or_default(),
                });
            }
        }
        let verification = verify_chain(core, &mut tx.tx, tenant, &checkpoints).await?;
        results.push(TenantVerification {
            tenant: slug,
            tenant_id: tenant.uuid(),
            verification,
        });
    }
    Ok(results)
}

async fn chosen_tenants(core: &Core, slug: Option<&str>) -> CoreResult<Vec<(TenantId, String)>> {
    let mut tx = core.store.read_system().await?;
    let tenants: Vec<_> = chains::tenant_slugs(&mut tx.tx)
        .await?
        .into_iter()
        .filter(|(_, found)| slug.is_none_or(|slug| slug == found))
        .collect();
    if slug.is_some() && tenants.is_empty() {
        return Err(CoreError::not_found());
    }
    Ok(tenants)
}

/// The outcome of [`checkpoint`].
#[derive(Debug)]
pub enum Checkpoints {
    Signed(CheckpointFile),
    /// A chain is not intact, so nothing was signed.
    Broken(Vec<TenantVerification>),
}

/// Verifies all chains, signs their last entries and stores the signatures.
///
/// # Errors
/// The database is unavailable.
pub async fn checkpoint(core: &Core) -> CoreResult<Checkpoints> {
    let verified = verify_all(core, None, &[]).await?;
    if verified.iter().any(|chain| chain.verification.problem.is_some()) {
        return Ok(Checkpoints::Broken(verified));
    }
    let key = AuditKey::newest(&core.keyring.current());
    let mut tx = core.store.begin_system::<Administration>().await?;
    let now = tx.now;
    let mut chains = Vec::new();
    for (tenant, slug) in chosen_tenants(core, None).await? {
        let Some((sequence, hash)) = chains::last_entry(&mut tx.tx, tenant).await? else {
            continue;
        };
        let signature = key.sign(&ChainState {
            tenant: tenant.uuid(),
            sequence,
            hash: &hash,
            at: now,
        });
        chains.push(ChainCheckpoint {
            tenant: slug,
            tenant_id: tenant.uuid().to_string(),
            sequence,
            hash: hex(&hash),
            signature: hex(&signature),
        });
        let stored = Checkpoint {
            sequence,
            hash,
            at: now,
            key_id: key.id,
            signature,
        };
        tx.insert_audit_checkpoint(tenant, &stored).await?;
    }
    tx.commit().await?;
    Ok(Checkpoints::Signed(CheckpointFile {
        version: 1,
        created_at: now,
        key_id: key.id,
        public_key: hex(&key.public_key()),
        chains,
    }))
}

/// Seals the audit keys again under the newest master key, and adds the ones that the file is about to lose.
pub(crate) async fn reseal_keys(tx: &mut SystemTx<'_, KeyRotation>, ring: &Keyring) -> CoreResult<()> {
    let newest = AuditKey::newest(ring).id;
    let mut keys = Vec::new();
    for (id, sealed) in chains::replaced_keys(&mut tx.tx).await? {
        keys.push(
            AuditKey::unseal(ring, id, &sealed).ok_or_else(|| CoreError::internal("audit key cannot be opened"))?,
        );
    }
    keys.extend(ring.ids().into_iter().filter_map(|id| AuditKey::find(ring, id.into())));
    for key in keys.iter().filter(|key| key.id != newest) {
        let sealed = ring
            .seal(key.root(), &key_context(key.id), &tx.store.randomness)
            .map_err(CoreError::internal)?;
        tx.put_replaced_audit_key(key.id, &sealed).await?;
    }
    if chains::sealed_starts(&mut tx.tx).await?.is_some() {
        let starts = chain_starts(ring, &mut tx.tx).await?;
        seal_starts(tx, ring, &starts).await?;
    }
    Ok(())
}

/// Writes a keyed entry to each chain of an earlier version, and records where the keyed parts begin.
///
/// Returns the number of chains; `None` if the beginnings were recorded before.
///
/// # Errors
/// The database is unavailable.
pub async fn adopt_chains(core: &Core) -> CoreResult<Option<usize>> {
    let mut tx = core.store.begin_system::<KeyRotation>().await?;
    let mut starts = BTreeMap::new();
    if chains::sealed_starts(&mut tx.tx).await?.is_some() {
        return Ok(None);
    }
    for tenant in tx.tenants_with_unkeyed_chain().await? {
        tx.audit(tenant, "operator", "audit.keyed", "audit").await?;
        if let Some((sequence, _)) = chains::last_entry(&mut tx.tx, tenant).await? {
            starts.insert(tenant.uuid(), sequence);
        }
    }
    seal_starts(&mut tx, &core.keyring.current(), &starts).await?;
    tx.commit().await?;
    Ok(Some(starts.len()))
}

async fn seal_starts(
    tx: &mut SystemTx<'_, KeyRotation>,
    ring: &Keyring,
    starts: &BTreeMap<Uuid, i64>,
) -> CoreResult<()> {
    let starts: BTreeMap<String, i64> = starts
        .iter()
        .map(|(tenant, start)| (tenant.to_string(), *start))
        .collect();
    let text = serde_json::to_vec(&starts).map_err(CoreError::internal)?;
    let sealed = ring
        .seal(&text, &CHAIN_STARTS, &tx.store.randomness)
        .map_err(CoreError::internal)?;
    Ok(tx.set_sealed_chain_starts(&sealed).await?)
}
