//! Imports of targets: one transaction each, mapped by the tables in [`domain::mapping`], with the decision stored beside
//! the outcome.

mod context;
mod target;

use domain::feature_gates::FeatureGate;
use domain::ids::{ImportItemId, ImportJobId};
use domain::import_results::{ImportItemResult, ItemNote, ItemStatus, canonical};
use domain::imports::{ImportAction, ItemOutcome, TargetImport};
use domain::mapping::{MappingSettings, ProblemPolicy};
use domain::problems::Problem;
use domain::scopes::Scope;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope, CustomersWriteScope, TargetsWriteScope};
use serde_json::{Value, json};

use super::finish;
use crate::actors::{ApiClient, ClientPermit};
use crate::secrets::fingerprint;
use crate::store::{NewItem, StoreError, StoredAnswer, TenantTx};
use crate::{Core, CoreError, CoreResult};

/// What a client holds that decides how much of an import is done; read once, stored with the job.
#[derive(Debug, Clone, Copy)]
pub struct ImportPermits<'a> {
    /// To import at all.
    pub write: ClientPermit<'a, TargetsWriteScope>,
    /// To link to existing customer records.
    pub map: Option<ClientPermit<'a, CustomersMapScope>>,
    /// To create and update customers.
    pub create: Option<ClientPermit<'a, CustomersWriteScope>>,
    /// To see what was linked.
    pub read: Option<ClientPermit<'a, CustomersReadScope>>,
}

impl<'a> ImportPermits<'a> {
    /// Collects what a client holds.
    ///
    /// # Errors
    /// `insufficient_scope` without `targets.write`.
    pub fn of(client: &'a ApiClient) -> CoreResult<Self> {
        Ok(Self {
            write: client.require()?,
            map: client.optional(),
            create: client.optional(),
            read: client.optional(),
        })
    }
}

/// An `Idempotency-Key` with what it is bound to.
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// Method and path.
    pub route: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the raw body.
    pub fingerprint: Vec<u8>,
}

impl IdempotencyKey {
    /// Binds a key to a route and a body.
    ///
    /// # Errors
    /// `idempotency_key_invalid` unless it is 1 to 255 printable ASCII characters.
    pub fn new(route: &str, key: &str, body: &[u8]) -> CoreResult<Self> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|byte| (0x20..=0x7e).contains(&byte)) {
            return Err(CoreError::new(
                Problem::IdempotencyKeyInvalid,
                "1 to 255 printable ASCII characters are required.",
            ));
        }
        Ok(Self {
            route: route.to_owned(),
            key: key.to_owned(),
            fingerprint: fingerprint(body),
        })
    }
}

/// An answer as it goes out; kept under an idempotency key byte by byte.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Location`.
    pub location: Option<String>,
    /// Body.
    pub body: String,
    /// Whether it was given before.
    pub replayed: bool,
}

/// How often an import is tried again when another one was faster.
const TRIES: usize = 5;

/// Imports one target in one transaction, recorded as a job with one item. `render` makes the answer of a result, which is
/// stored with the work under the idempotency key.
///
/// # Errors
/// `source_system_not_allowed`, `idempotency_key_reused`, or the database.
pub async fn import_one(
    core: &Core,
    permits: ImportPermits<'_>,
    payload: &Value,
    import: &TargetImport,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportItemResult) -> Answer,
) -> CoreResult<Answer> {
    let client = permits.write.client();
    if import
        .source_system
        .as_ref()
        .is_some_and(|key| *key != client.source_key)
    {
        return Err(CoreError::new(
            Problem::SourceSystemNotAllowed,
            "This client may not act for that source system.",
        ));
    }
    let payload_hash = fingerprint(canonical(payload).as_bytes());
    let mut last = StoreError::Conflict(String::new());
    for _ in 0..TRIES {
        match try_import(core, permits, import, &payload_hash, idempotency, &render).await {
            Err(Failed::Store(StoreError::Conflict(text))) => last = StoreError::Conflict(text),
            Err(Failed::Store(error)) => return Err(error.into()),
            Err(Failed::Core(error)) => return Err(error),
            Ok(answer) => return Ok(answer),
        }
    }
    Err(last.into())
}

/// Keeps a lost race apart from a refusal: only the first is tried again.
enum Failed {
    Store(StoreError),
    Core(CoreError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<CoreError> for Failed {
    fn from(error: CoreError) -> Self {
        Self::Core(error)
    }
}

async fn try_import(
    core: &Core,
    permits: ImportPermits<'_>,
    import: &TargetImport,
    payload_hash: &[u8],
    idempotency: Option<&IdempotencyKey>,
    render: &impl Fn(&ImportItemResult) -> Answer,
) -> Result<Answer, Failed> {
    let client = permits.write.client();
    let mut tx = core.store.begin(client).await?;
    if let Some(key) = idempotency
        && let Some(stored) = tx.stored_answer(&key.route, &key.key).await?
    {
        return Ok(replay(stored, key)?);
    }
    let (settings, zone) = read_settings(&mut tx, permits).await?;
    let mut outcome = work(&mut tx, import, payload_hash, &settings, &zone).await?;
    let job: ImportJobId = tx.new_id();
    let item: ImportItemId = tx.new_id();
    tx.insert_single_job(job, false, &settings).await?;
    let notes = |notes: &[ItemNote]| serde_json::to_value(notes).map_err(CoreError::from);
    tx.insert_item(&NewItem {
        id: item,
        job,
        external_id: import.external_id.as_str(),
        outcome: outcome.outcome,
        target: outcome.target,
        mapping: &serde_json::to_value(&outcome.mapping).map_err(CoreError::from)?,
        warnings: &notes(&outcome.warnings)?,
        errors: &notes(&outcome.errors)?,
        decision: &outcome.decision,
    })
    .await?;
    tx.audit(
        "import.item_processed",
        item,
        json!({ "outcome": outcome.outcome.name(), "externalId": import.external_id }),
    );
    let result = ImportItemResult {
        id: item,
        index: 0,
        external_id: import.external_id.as_str().to_owned(),
        status: if outcome.outcome == ItemOutcome::Failed {
            ItemStatus::Failed
        } else {
            ItemStatus::Completed
        },
        outcome: outcome.outcome,
        target_id: outcome.target,
        mapping: permits.read.map(|_| outcome.mapping),
        warnings: std::mem::take(&mut outcome.warnings),
        errors: std::mem::take(&mut outcome.errors),
    };
    let answer = render(&result);
    if let Some(key) = idempotency {
        let stored = StoredAnswer {
            fingerprint: key.fingerprint.clone(),
            response_status: i64::from(answer.status),
            response_location: answer.location.clone(),
            response_body: answer.body.clone(),
        };
        if !tx.store_answer(&key.route, &key.key, &stored).await? {
            return Err(StoreError::Conflict("the idempotency key was used at the same time".to_owned()).into());
        }
    }
    finish(core, tx).await?;
    Ok(answer)
}

fn replay(stored: StoredAnswer, key: &IdempotencyKey) -> CoreResult<Answer> {
    if stored.fingerprint != key.fingerprint {
        return Err(CoreError::new(
            Problem::IdempotencyKeyReused,
            "This Idempotency-Key was used with another body.",
        ));
    }
    Ok(Answer {
        status: u16::try_from(stored.response_status).unwrap_or(200),
        location: stored.response_location,
        body: stored.response_body,
        replayed: true,
    })
}

async fn read_settings(
    tx: &mut TenantTx<'_, ApiClient>,
    permits: ImportPermits<'_>,
) -> Result<(MappingSettings, String), StoreError> {
    let source = tx.source_settings().await?;
    let gates = tx.open_gates().await?;
    let gate = |gate: FeatureGate| gates.iter().any(|open| open == gate.name());
    debug_assert!(
        permits
            .map
            .is_none_or(|permit| permit.client().has(Scope::CustomersMap))
    );
    let settings = MappingSettings {
        may_map: permits.map.is_some(),
        may_write: permits.create.is_some(),
        create_gate: gate(FeatureGate::AutoCreate),
        update_gate: gate(FeatureGate::AutoUpdate),
        create_customers: source.create_customers,
        create_locations: source.create_locations,
        create_contacts: source.create_contacts,
        auto_update: source.auto_update,
        customer_required: source.customer_required,
        problem_policy: source.problem_policy,
        duplicate_names: source.duplicate_names,
    };
    Ok((settings, source.zone))
}

/// What became of one import inside its transaction.
struct Outcome {
    outcome: ItemOutcome,
    target: Option<domain::ids::TargetId>,
    mapping: domain::import_results::MappingEntries,
    warnings: Vec<ItemNote>,
    errors: Vec<ItemNote>,
    decision: Value,
}

async fn work(
    tx: &mut TenantTx<'_, ApiClient>,
    import: &TargetImport,
    payload_hash: &[u8],
    settings: &MappingSettings,
    zone: &str,
) -> Result<Outcome, StoreError> {
    let existing = tx.target_by_external_id(import.external_id.as_str()).await?;
    if let Some(rule) = existing.as_ref().and_then(|target| target::left_alone(target, import)) {
        return Ok(target::skipped(existing.as_ref(), rule));
    }
    if import.action == ImportAction::Cancel {
        return target::cancel(tx, existing).await;
    }
    let context = context::resolve(tx, import, settings, zone).await?;
    let refused = if import.customer.is_none() && settings.customer_required && context.customer.is_none() {
        Some("customer_required")
    } else if context.customer_unresolved && settings.problem_policy == ProblemPolicy::Reject {
        Some(
            context
                .warnings
                .first()
                .map_or("customer_required", |warning| warning.code),
        )
    } else {
        None
    };
    if let Some(code) = refused {
        return Ok(context.into_outcome(
            ItemOutcome::Failed,
            existing.map(|target| target.id.0),
            None,
            vec![ItemNote::new(code, "/customer")],
        ));
    }
    target::write(tx, import, payload_hash, existing, context).await
}
