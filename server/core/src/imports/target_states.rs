//! What an import does to a job besides writing its values: it skips, rejects, confirms, cancels or reopens it.

use crate::imports::Outcome;
use crate::imports::target::{emit, note};
use crate::imports::workspace::Workspace;
use crate::jobs::TargetRecord;
use domain::audit::TimelineKind;
use domain::events::EventType;
use domain::imports::results::{ItemNote, MappingEntries, MappingEntry};
use domain::imports::{ImportAction, ItemOutcome, TargetImport};
use domain::jobs::change_proposals::{Proposal, Review, ReviewedValues};
use domain::jobs::targets::TargetStatus;
use domain::lifecycle::Lifecycle as _;
use domain::mapping::{MappingStatus, Warning};
use serde_json::json;

/// Returns the rule by which a known target stays untouched (T3, T6, T6a), if one applies.
pub(crate) fn skip_rule(target: &TargetRecord, import: &TargetImport) -> Option<&'static str> {
    let stale = target
        .source_updated_at
        .zip(import.source_updated_at)
        .is_some_and(|(stored, sent)| sent < stored);
    if stale {
        return Some("T3");
    }
    if target.status == TargetStatus::Cancelled {
        return (import.action != ImportAction::Reopen).then_some("T6a");
    }
    target.status.is_locked_for_imports().then_some("T6")
}

/// Returns the outcome of an import that changes nothing.
pub(crate) fn skipped(target: Option<&TargetRecord>, rule: &'static str) -> Outcome {
    let code = match rule {
        "T6" => "target_locked",
        "T6a" => "target_cancelled",
        _ => "stale_source_version",
    };
    let entry = |id: Option<String>| MappingEntry {
        status: if id.is_some() {
            MappingStatus::Mapped
        } else {
            MappingStatus::Skipped
        },
        method: None,
        rule: rule.to_owned(),
        id,
        external_id: None,
    };
    // A locked target is an error for the sender; a stale version and a cancelled target are only warnings.
    let notes = vec![ItemNote::new(code, "")];
    let (warnings, errors) = if rule == "T6" {
        (Vec::new(), notes)
    } else {
        (notes, Vec::new())
    };
    Outcome {
        outcome: ItemOutcome::Skipped,
        target: target.map(|target| target.id.0),
        mapping: MappingEntries {
            customer: entry(target.and_then(|target| target.customer_id).map(|key| key.to_string())),
            location: entry(target.and_then(|target| target.location_id).map(|key| key.to_string())),
            contact: entry(target.and_then(|target| target.contact_id).map(|key| key.to_string())),
        },
        warnings,
        errors,
        decision: json!({ "target": { "rule": rule } }),
    }
}

/// Returns the outcome of an import that is rejected before its context is decided.
pub(crate) fn rejected(code: &str, pointer: &str) -> Outcome {
    let mut outcome = skipped(None, "T0");
    outcome.outcome = ItemOutcome::Failed;
    outcome.warnings.clear();
    outcome.errors.push(ItemNote::new(code, pointer));
    outcome
}

/// Returns the outcome of a repeated payload (T2). Links that a dispatcher has set stay as they are.
pub(crate) fn unchanged(work: &mut Workspace<'_>, import: &TargetImport, target: &TargetRecord) -> Outcome {
    if !target.status.is_locked_for_imports() {
        confirm_version(work, import, target);
    }
    let mut outcome = skipped(Some(target), "T2");
    outcome.outcome = ItemOutcome::Unchanged;
    outcome.warnings.clear();
    if target.status == TargetStatus::Cancelled && import.action != ImportAction::Cancel {
        outcome.warnings.push(ItemNote::new("target_cancelled", ""));
    }
    let review = work.review_of(target);
    let warnings = review_warnings(&target.reviewed(), &review);
    let notes = warnings
        .iter()
        .map(|warning| ItemNote::new(warning.code, warning.pointer));
    outcome.warnings.extend(notes);
    outcome
}

/// Returns the warnings about changes that are not applied: they wait for dispatch, or dispatch has declined them.
pub(super) fn review_warnings(stored: &ReviewedValues, review: &Review) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if review.open.customer.is_some() {
        warnings.push(Warning {
            code: "target_customer_change_requires_review",
            pointer: "/customer",
        });
    }
    if review.open.changes_appointment() {
        warnings.push(Warning {
            code: "change_requires_review",
            pointer: "",
        });
    }
    // A value that was declined and is stored in the meantime is no change.
    if !stored.difference(&stored.with(&review.declined)).is_empty() {
        warnings.push(Warning {
            code: "change_declined",
            pointer: "",
        });
    }
    warnings
}

/// Stores a newer source version of an otherwise unchanged target, so that an older version still in transit is
/// recognised as stale.
pub(super) fn confirm_version(work: &mut Workspace<'_>, import: &TargetImport, target: &TargetRecord) {
    if import.source_updated_at.is_some() && import.source_updated_at > target.source_updated_at {
        let confirmed = TargetRecord {
            source_updated_at: import.source_updated_at,
            ..target.clone()
        };
        work.writes.changed_targets.push((confirmed, target.status));
    }
}

/// Cancels a target that its source has cancelled. Stores the hash of the payload, so that a repeated cancellation is
/// unchanged.
pub(crate) fn cancel(work: &mut Workspace<'_>, target: Option<TargetRecord>, payload_hash: Option<&[u8]>) -> Outcome {
    let Some(target) = target else {
        return rejected("not_found", "/externalId");
    };
    if target.status.step(TargetStatus::Cancelled).is_err() {
        return skipped(Some(&target), "T6");
    }
    if !work.review_of(&target).open.is_empty() {
        work.writes.proposals.push((target.id.0, Proposal::default()));
    }
    let mut cancelled = target.clone();
    cancelled.status = TargetStatus::Cancelled;
    cancelled.declined_changes.0 = Proposal::default();
    if let Some(hash) = payload_hash {
        cancelled.payload_hash = Some(hash.to_vec());
    }
    work.writes.cancelled_targets.push(target.id.0);
    work.writes.changed_targets.push((cancelled.clone(), target.status));
    note(work, &target, TimelineKind::TargetCancelled);
    work.audit("target.cancelled", target.id, json!({ "by": "import" }));
    emit(work, EventType::TargetCancelled, &cancelled);
    let mut outcome = skipped(Some(&target), "T4");
    outcome.outcome = ItemOutcome::Updated;
    outcome.warnings.clear();
    outcome
}

/// Opens a cancelled target again.
pub(crate) fn reopen(work: &mut Workspace<'_>, target: TargetRecord) {
    let read_as = target.status;
    let opened = TargetRecord {
        status: TargetStatus::Open,
        ..target
    };
    note_reopened(work, &opened);
    emit(work, EventType::TargetUpdated, &opened);
    work.writes.changed_targets.push((opened, read_as));
}

pub(super) fn note_reopened(work: &mut Workspace<'_>, target: &TargetRecord) {
    work.audit("target.reopened", target.id, json!({ "by": "import" }));
    note(work, target, TimelineKind::TargetReopened);
}
