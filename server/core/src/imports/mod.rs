//! Imports of targets: mapped by the tables in [`domain::mapping`], with the decision stored beside the outcome. A
//! single import is one item in one transaction; a batch runs the same code over many items ([`jobs`], [`worker`]).

mod changes;
pub(crate) mod context;
pub mod customer_sheets;
pub mod jobs;
pub mod model;
pub(crate) mod outcome;
#[cfg(test)]
mod properties;
pub mod resolve;
mod retention;
pub mod spreadsheets;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) mod target;
mod target_states;
pub mod worker;
pub(crate) mod workspace;
pub use self::retention::purge_old;
pub(crate) use self::store::jobs::ClaimedJob;
pub(crate) use self::store::writes::ContactRow;
pub(crate) use self::store::writes::LocationRow;
pub(crate) use self::store::writes::ReferenceRow;

use std::collections::HashSet;

use domain::audit::TimelineKind;
use domain::feature_gates::FeatureGate;
use domain::ids::{ImportJobId, TargetId};
use domain::imports::jobs::{ImportChannel, ImportMode, JobCounts};
use domain::imports::results::{ImportItemResult, ItemNote, canonical_json};
use domain::imports::{ImportAction, ImportJobStatus, ItemOutcome, TargetImport};
use domain::jobs::targets::TargetStatus;
use domain::mapping::{MappingSettings, ProblemPolicy};
use domain::problems::Cause;
use domain::scopes::markers::{CustomersMapScope, CustomersReadScope, CustomersWriteScope, TargetsWriteScope};
use serde_json::{Value, json};

use crate::commit::finish;
use crate::db::{StoreError, TenantTx};
use crate::identity::actors::{Actor as _, ApiClient, ClientPermit};
pub(crate) use crate::imports::outcome::item_from_view;
use crate::imports::outcome::{Outcome, audit_item, count, result};
use crate::imports::store::jobs::ImportJobRow;
use crate::imports::workspace::{Workspace, Writes, candidate_query};
use crate::integrations::SourceSettings;
pub use crate::integrations::idempotency::{ApiResponse, IdempotencyKey};
use crate::integrations::idempotency::{AttemptError, replay_response, store_response, with_retries};
use crate::secrets::sha256;
use crate::{Core, CoreError, CoreResult};

/// The permits of a client that decide how far an import may go. Read once and stored with the job.
#[derive(Debug, Clone, Copy)]
pub struct ImportPermits<'a> {
    /// Required for every import.
    pub write: ClientPermit<'a, TargetsWriteScope>,
    /// Allows linking to existing customer records.
    pub map: Option<ClientPermit<'a, CustomersMapScope>>,
    /// Allows creating and updating customers.
    pub create: Option<ClientPermit<'a, CustomersWriteScope>>,
    /// Allows seeing the linked records in the result.
    pub read: Option<ClientPermit<'a, CustomersReadScope>>,
}

impl<'a> ImportPermits<'a> {
    /// Collects the permits of a client.
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

/// Imports one target in one transaction and records it as a job with one item. `render` builds the response from the
/// result; the response is stored under the idempotency key in the same transaction.
///
/// # Errors
/// `source_system_not_allowed`, `idempotency_key_reused`.
pub async fn import_one(
    core: &Core,
    permits: ImportPermits<'_>,
    payload: &Value,
    import: &TargetImport,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(&ImportItemResult) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    let client = permits.write.client();
    check_source(client, import)?;
    with_retries!({
        let mut tx = core.store.begin(client).await?;
        if let Some(answer) = replay_response(&mut tx, idempotency).await? {
            // The stored response may have been rendered for a credential with more scopes than this one.
            return Ok(if permits.read.is_some() {
                answer
            } else {
                outcome::redact_mapping(answer)
            });
        }
        let (settings, zone) = source_settings(&mut tx, permits.map.is_some(), permits.create.is_some()).await?;
        let prepared = Prepared {
            import,
            payload_hash: payload_hash(payload),
        };
        let (mut outcomes, _) = run(core, &mut tx, &[prepared], &settings, &zone).await?;
        let Some(outcome) = outcomes.pop() else {
            return Err(StoreError::Broken("import without an outcome".to_owned()).into());
        };
        let job: ImportJobId = tx.new_id();
        let row = outcome.into_row(tx.new_id(), 0, payload, import, &settings)?;
        let mut counts = JobCounts {
            total: 1,
            ..JobCounts::default()
        };
        count(&mut counts, &row);
        tx.insert_job(&ImportJobRow {
            id: job,
            client: client.id(),
            source_system: client.source_system(),
            status: ImportJobStatus::Completed,
            mode: ImportMode::Single,
            dry_run: false,
            channel: ImportChannel::Api,
            settings: &settings,
            created_by: &client.label(),
            retried_from: None,
            counts,
        })
        .await?;
        tx.insert_items(job, std::slice::from_ref(&row)).await?;
        audit_item(&mut tx, &row);
        let answer = render(&result(&row, permits.read.is_some()));
        store_response(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// Returns whether a name is an IANA time zone.
pub fn is_zone(name: &str) -> bool {
    name.parse::<chrono_tz::Tz>().is_ok()
}

/// Returns the hash that identifies an unchanged payload.
pub fn payload_hash(payload: &Value) -> Vec<u8> {
    sha256(canonical_json(payload).as_bytes())
}

/// Rejects a payload that names another source system than the client's own.
fn check_source(client: &ApiClient, import: &TargetImport) -> CoreResult<()> {
    match &import.source_system {
        Some(key) if *key != client.source_key() => Err(CoreError::new(Cause::SourceSystemNotAllowed)),
        _ => Ok(()),
    }
}

/// An import with its payload hash, ready for a decision.
struct Prepared<'a> {
    import: &'a TargetImport,
    payload_hash: Vec<u8>,
}

/// Decides and writes imports with distinct external IDs, in order. All lookups come first and all writes last; a lost
/// race is a conflict, after which the caller repeats the whole run. Returns one outcome for each import and the IDs
/// of the customers, locations and contacts that were created.
async fn run(
    core: &Core,
    tx: &mut TenantTx<'_, ApiClient>,
    items: &[Prepared<'_>],
    settings: &MappingSettings,
    zone: &str,
) -> Result<(Vec<Outcome>, HashSet<String>), StoreError> {
    let external_ids: Vec<&str> = items.iter().map(|item| item.import.external_id.as_str()).collect();
    let targets = tx.lock_targets_to_import(&external_ids).await?;
    let candidate_query = candidate_query(items.iter().map(|item| item.import), settings);
    let candidates = tx.candidates(&candidate_query).await?;
    let mut work = Workspace::new(
        settings,
        zone,
        tx.source_system(),
        candidates,
        targets,
        &core.randomness,
        core.clock.now(),
    );
    let ids: Vec<TargetId> = work.targets.values().map(|target| target.id.0).collect();
    work.proposals = tx.open_proposals_of(&ids).await?;
    let outcomes = items.iter().map(|item| decide(&mut work, item)).collect();
    let created = work.writes.created_ids();
    write(tx, work.writes).await?;
    Ok((outcomes, created))
}

/// Decides about one import and collects the resulting writes in the workspace. The decision lists the fields that
/// change.
fn decide(work: &mut Workspace<'_>, item: &Prepared<'_>) -> Outcome {
    let mut outcome = decide_item(work, item);
    let changes = work.take_changes();
    if !changes.is_empty() {
        outcome.decision["changes"] = json!(changes);
    }
    outcome
}

fn decide_item(work: &mut Workspace<'_>, item: &Prepared<'_>) -> Outcome {
    let import = item.import;
    if work.settings.is_placeholder(&import.external_id) {
        return target_states::rejected("external_id_blocked_value", "/externalId");
    }
    let existing = work.targets.get(import.external_id.as_str()).cloned();
    let is_cancelled = existing
        .as_ref()
        .is_some_and(|target| target.status == TargetStatus::Cancelled);
    let is_reopened = is_cancelled && import.action == ImportAction::Reopen;
    let is_repeat = !is_reopened
        && existing.as_ref().is_some_and(|target| {
            target.payload_hash.as_deref() == Some(item.payload_hash.as_slice())
                || (is_cancelled && import.action == ImportAction::Cancel)
        });
    // The first matching row decides. A repeated payload is unchanged (T2), even if it is stale (T3) or the target is locked
    // (T6).
    if let Some(target) = existing.as_ref().filter(|_| is_repeat)
        && (target.status.is_locked_for_imports() || (!target.needs_mapping && context::would_create(work, import)))
    {
        return target_states::unchanged(work, import, target);
    }
    if !is_repeat
        && let Some(rule) = existing
            .as_ref()
            .and_then(|target| target_states::skip_rule(target, import))
    {
        return target_states::skipped(existing.as_ref(), rule);
    }
    match import.action {
        ImportAction::Cancel => return target_states::cancel(work, existing, Some(&item.payload_hash)),
        ImportAction::Reopen if existing.is_none() => return target_states::rejected("not_found", "/externalId"),
        ImportAction::Reopen | ImportAction::Upsert => {}
    }
    let context = context::resolve(work, import);
    let rejection = if import.customer.is_none() && work.settings.customer_required && context.customer.is_none() {
        Some("customer_required")
    } else if context.customer_unresolved
        && import.customer.is_some()
        && work.settings.problem_policy == ProblemPolicy::Reject
    {
        Some(context.customer_code.unwrap_or("customer_required"))
    } else {
        None
    };
    if let Some(code) = rejection {
        // With an unresolved customer the rules have created, linked and renamed nothing, so a rejected item leaves no trace.
        return context.into_outcome(
            ItemOutcome::Failed,
            existing.map(|target| target.id.0),
            None,
            vec![ItemNote::new(code, "/customer")],
        );
    }
    let existing = existing.map(|mut target| {
        let read_as = target.status;
        if is_reopened {
            target.status = TargetStatus::Open;
        }
        (target, read_as)
    });
    target::write(work, import, &item.payload_hash, existing, context)
}

async fn write(tx: &mut TenantTx<'_, ApiClient>, mut writes: Writes) -> Result<(), StoreError> {
    tx.insert_references(&mut writes.references).await?;
    let customers: Vec<_> = writes.customers.iter().map(|new| (new.id, new.name.as_str())).collect();
    tx.insert_customers(&customers).await?;
    for (id, name) in &writes.renamed_customers {
        tx.rename_customer(*id, name).await?;
    }
    tx.insert_locations(&writes.locations).await?;
    tx.update_locations(&writes.changed_locations).await?;
    tx.insert_contacts(&writes.contacts).await?;
    tx.update_contacts(&writes.changed_contacts).await?;
    tx.insert_targets(&mut writes.new_targets).await?;
    tx.update_targets(&writes.changed_targets).await?;
    for id in &writes.cancelled_targets {
        tx.clear_follow_up_target(*id).await?;
        if tx
            .close_planned_appointment(*id, domain::jobs::targets::AppointmentStatus::Cancelled)
            .await?
            && let Some(entry) = writes.notes.iter().find(|entry| entry.target() == Some(*id)).cloned()
        {
            writes.notes.push(entry.with_kind(TimelineKind::AppointmentCancelled));
        }
    }
    tx.insert_proposals(&writes.proposals).await?;
    tx.add_timeline_entries(&writes.notes).await?;
    for event in writes.events {
        tx.emit(event);
    }
    for audit in writes.audits {
        tx.audit(audit.action, audit.subject, audit.details);
    }
    Ok(())
}

/// Cancels a target the way an import with the action `cancel` does.
pub(crate) async fn cancel(
    core: &Core,
    tx: &mut TenantTx<'_, ApiClient>,
    target: crate::jobs::TargetRecord,
) -> Result<(), StoreError> {
    let (settings, zone) = source_settings(tx, false, false).await?;
    let proposals = tx.open_proposals_of(&[target.id.0]).await?;
    let mut work = Workspace::new(
        &settings,
        &zone,
        tx.source_system(),
        crate::mapping::Candidates::default(),
        Vec::new(),
        &core.randomness,
        core.clock.now(),
    );
    work.proposals = proposals;
    target_states::cancel(&mut work, Some(target), None);
    write(tx, work.writes).await
}

/// Reopens a cancelled target the way an import with the action `reopen` does.
pub(crate) async fn reopen(
    core: &Core,
    tx: &mut TenantTx<'_, ApiClient>,
    target: crate::jobs::TargetRecord,
) -> Result<(), StoreError> {
    let (settings, zone) = source_settings(tx, false, false).await?;
    let mut work = Workspace::new(
        &settings,
        &zone,
        tx.source_system(),
        crate::mapping::Candidates::default(),
        Vec::new(),
        &core.randomness,
        core.clock.now(),
    );
    target_states::reopen(&mut work, target);
    write(tx, work.writes).await
}

/// Returns the mapping settings of the client's source, and the time zone of its tenant.
pub(crate) async fn source_settings(
    tx: &mut TenantTx<'_, ApiClient>,
    may_map: bool,
    may_write: bool,
) -> Result<(MappingSettings, String), StoreError> {
    let source = tx.source_settings().await?;
    let gates = tx.list_enabled_gates().await?;
    Ok((settings_of(&source, &gates, may_map, may_write), source.zone))
}

/// Combines source settings, enabled gates and scopes into the settings of an import.
pub(crate) fn settings_of(
    source: &SourceSettings,
    gates: &[String],
    may_map: bool,
    may_write: bool,
) -> MappingSettings {
    let gate = |gate: FeatureGate| gates.iter().any(|enabled| enabled == gate.name());
    MappingSettings {
        may_map,
        may_write,
        create_gate: gate(FeatureGate::AutoCreate),
        update_gate: gate(FeatureGate::AutoUpdate),
        create_customers: source.create_customers,
        create_locations: source.create_locations,
        create_contacts: source.create_contacts,
        auto_update: source.auto_update,
        customer_required: source.customer_required,
        problem_policy: source.problem_policy,
        duplicate_names: source.duplicate_names,
        blocked_external_ids: source.blocked_external_ids.0.clone(),
    }
}
