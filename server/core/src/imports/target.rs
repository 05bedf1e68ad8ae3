//! Table T: creating, updating and cancelling the target of an import.

use domain::customers::Place;
use domain::events::EventType;
use domain::ids::TargetId;
use domain::imports::results::{ItemNote, MappingEntries, MappingEntry};
use domain::imports::{ItemOutcome, TargetImport};
use domain::jobs::change_proposals::Proposal;
use domain::jobs::targets::TargetStatus;
use domain::lifecycle::Lifecycle as _;
use domain::mapping::{MappingStatus, Warning};
use domain::requests::Priority;
use serde_json::json;

use crate::audit::{NewTimelineEntry, TimelineKind};
use crate::db::Key;
use crate::events::NewEvent;
use crate::imports::Outcome;
use crate::imports::context::Context;
use crate::imports::workspace::Workspace;
use crate::jobs::TargetRecord;

/// Returns the rule by which a known target stays untouched (T3, T6), if one applies.
pub(crate) fn skip_rule(target: &TargetRecord, import: &TargetImport) -> Option<&'static str> {
    let stale = target
        .source_updated_at
        .zip(import.source_updated_at)
        .is_some_and(|(stored, sent)| sent < stored);
    if stale {
        return Some("T3");
    }
    target.status.is_locked_for_imports().then_some("T6")
}

/// Returns the outcome of an import that changes nothing.
pub(crate) fn skipped(target: Option<&TargetRecord>, rule: &'static str) -> Outcome {
    let code = if rule == "T6" {
        "target_locked"
    } else {
        "stale_source_version"
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
    // A locked target is an error for the sender; a stale version is only a warning.
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

/// Returns the outcome of a repeated payload (T2). Links that a dispatcher has set stay as they are.
pub(crate) fn unchanged(work: &mut Workspace<'_>, import: &TargetImport, target: &TargetRecord) -> Outcome {
    if !target.status.is_locked_for_imports() {
        confirm_version(work, import, target);
    }
    let mut outcome = skipped(Some(target), "T2");
    outcome.outcome = ItemOutcome::Unchanged;
    outcome.warnings.clear();
    outcome
}

/// Stores a newer source version of an otherwise unchanged target, so that an older version still in transit is
/// recognised as stale.
fn confirm_version(work: &mut Workspace<'_>, import: &TargetImport, target: &TargetRecord) {
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
        let mut outcome = skipped(None, "T0");
        outcome.outcome = ItemOutcome::Failed;
        outcome.warnings.clear();
        outcome.errors.push(ItemNote::new("not_found", "/externalId"));
        return outcome;
    };
    if target.status.step(TargetStatus::Cancelled).is_err() {
        return skipped(Some(&target), "T6");
    }
    let mut cancelled = target.clone();
    cancelled.status = TargetStatus::Cancelled;
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

/// Creates or updates the target of an import after its context has been decided.
pub(crate) fn write(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    payload_hash: &[u8],
    existing: Option<TargetRecord>,
    context: Context,
) -> Outcome {
    match existing {
        None => create(work, import, payload_hash, context),
        Some(target) => update(work, import, payload_hash, target, context),
    }
}

fn create(work: &mut Workspace<'_>, import: &TargetImport, payload_hash: &[u8], context: Context) -> Outcome {
    let id: TargetId = work.new_id();
    // The display number is assigned when the row is written.
    let mut target = TargetRecord::open(id, 0);
    target.source_system_id = Some(Key(work.source));
    target.external_id = Some(import.external_id.as_str().to_owned());
    link(&mut target, &context);
    apply_safe_fields(&mut target, import);
    apply_time(&mut target, import);
    target.place.0 = place(&target, import);
    target.payload_hash = Some(payload_hash.to_vec());
    target.source_updated_at = import.source_updated_at;
    work.audit(
        "target.created",
        id,
        json!({ "by": "import", "needsMapping": target.needs_mapping }),
    );
    note(work, &target, TimelineKind::TargetCreated);
    emit(work, EventType::TargetCreated, &target);
    if target.needs_mapping {
        emit(work, EventType::MappingReviewRequired, &target);
    }
    work.writes.new_targets.push(target);
    context.into_outcome(ItemOutcome::Created, Some(id), Some("T1"), Vec::new())
}

/// How the decided context relates to the stored target.
struct Comparison {
    /// The customer is known and the location does not contradict it.
    is_resolved: bool,
    is_customer_changed: bool,
    is_location_changed: bool,
    /// A target that waited for its mapping can be linked.
    is_recovery: bool,
    /// The rules rejected a part, so that the mapping requires a review. A part that the rules skipped keeps the link
    /// that a dispatcher has set.
    is_rejected: bool,
}

impl Comparison {
    fn new(import: &TargetImport, target: &TargetRecord, context: &Context) -> Self {
        let is_resolved = context.customer.is_some() && !context.location_failed;
        let same_customer = target
            .customer_id
            .is_none_or(|stored| Some(stored.0) == context.customer);
        Self {
            is_resolved,
            is_customer_changed: context.customer.is_some() && !same_customer,
            is_location_changed: (context.location.is_some()
                && context.location != target.location_id.map(|key| key.0))
                || (import.clears_location && target.location_id.is_some()),
            is_recovery: target.needs_mapping && is_resolved && same_customer,
            is_rejected: context.location_failed
                || (import.customer.is_some()
                    && context.customer_unresolved
                    && (context.customer_failed || target.customer_id.is_none())),
        }
    }
}

fn update(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    payload_hash: &[u8],
    target: TargetRecord,
    mut context: Context,
) -> Outcome {
    let id = target.id.0;
    let compared = Comparison::new(import, &target, &context);
    if target.payload_hash.as_deref() == Some(payload_hash) && !compared.is_recovery {
        confirm_version(work, import, &target);
        return context.into_outcome(ItemOutcome::Unchanged, Some(id), Some("T2"), Vec::new());
    }
    let mut changed = target.clone();
    let link_rule = update_links(work, import, &target, &mut changed, &mut context, &compared);
    apply_safe_fields(&mut changed, import);
    let review_rule = update_time_and_place(work, import, &target, &mut changed, &mut context, &compared);
    let rule = link_rule.or(review_rule).unwrap_or("T4");
    changed.payload_hash = Some(payload_hash.to_vec());
    changed.source_updated_at = import.source_updated_at.or(target.source_updated_at);
    work.audit("target.updated", id, json!({ "by": "import", "rule": rule }));
    note(work, &changed, TimelineKind::TargetUpdated);
    emit(work, EventType::TargetUpdated, &changed);
    if changed.needs_mapping != target.needs_mapping {
        let kind = if changed.needs_mapping {
            EventType::MappingReviewRequired
        } else {
            EventType::MappingResolved
        };
        emit(work, kind, &changed);
    }
    work.writes.changed_targets.push((changed, target.status));
    context.into_outcome(ItemOutcome::Updated, Some(id), Some(rule), Vec::new())
}

/// Updates customer, location and contact. Returns the rule, if a special one applies.
fn update_links(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    target: &TargetRecord,
    changed: &mut TargetRecord,
    context: &mut Context,
    compared: &Comparison,
) -> Option<&'static str> {
    let is_open = target.status == TargetStatus::Open;
    let mut rule = None;
    if compared.is_recovery {
        relink(changed, context);
        context.warnings.push(Warning {
            code: "mapping_recovered",
            pointer: "/customer",
        });
        rule = Some("T11");
    } else if compared.is_customer_changed {
        context.warnings.push(Warning {
            code: "target_customer_change_requires_review",
            pointer: "/customer",
        });
        note(work, target, TimelineKind::CustomerChangeProposed);
        rule = Some("T7");
    } else if is_open && compared.is_rejected {
        // The links stay, but the mapping must be reviewed before the job is scheduled.
        changed.needs_mapping = true;
    } else if is_open && compared.is_resolved {
        relink(changed, context);
    } else if compared.is_resolved {
        // The contact may change at any time.
        changed.contact_id = context.contact.map(Key).or(changed.contact_id);
    }
    if import.clears_contact {
        changed.contact_id = None;
    }
    if import.clears_location && is_open {
        changed.location_id = None;
    }
    rule
}

/// Applies time and place to an open target. For any other target the differences become a proposal; returns its rule.
fn update_time_and_place(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    target: &TargetRecord,
    changed: &mut TargetRecord,
    context: &mut Context,
    compared: &Comparison,
) -> Option<&'static str> {
    let mut with_time = changed.clone();
    apply_time(&mut with_time, import);
    if !compared.is_customer_changed && (!compared.is_rejected || target.location_id.is_none()) {
        with_time.place.0 = place(target, import);
    }
    let mut proposal = Proposal {
        customer: context.customer.filter(|_| compared.is_customer_changed),
        location: Some(context.location).filter(|location| compared.is_customer_changed && location.is_some()),
        ..Proposal::default()
    };
    let mut rule = None;
    if target.status == TargetStatus::Open {
        *changed = with_time;
    } else if differs_in_time_or_place(changed, &with_time) || compared.is_location_changed || compared.is_rejected {
        context.warnings.push(Warning {
            code: "change_requires_review",
            pointer: "",
        });
        propose(&mut proposal, changed, &with_time);
        if compared.is_location_changed {
            proposal.location = Some(context.location);
        }
        if !compared.is_customer_changed {
            note(work, target, TimelineKind::ChangeProposed);
        }
        rule = Some("T5");
    }
    if !proposal.is_empty() {
        context.decision["proposal"] = json!(proposal);
        work.writes.proposals.push((target.id.0, proposal));
    }
    rule
}

fn link(target: &mut TargetRecord, context: &Context) {
    target.customer_id = context.customer.map(Key);
    target.location_id = context.location.map(Key);
    target.contact_id = context.contact.map(Key);
    target.needs_mapping = context.customer_unresolved || context.location_failed;
}

/// Links the parts that were sent and resolved; all other links keep their stored value (T8).
fn relink(target: &mut TargetRecord, context: &Context) {
    target.customer_id = context.customer.map(Key).or(target.customer_id);
    target.location_id = context.location.map(Key).or(target.location_id);
    target.contact_id = context.contact.map(Key).or(target.contact_id);
    target.needs_mapping = false;
}

/// Applies the fields that may change at any time before work begins (T8: an absent field keeps its value, null clears
/// it).
fn apply_safe_fields(target: &mut TargetRecord, import: &TargetImport) {
    target.service_type = import.service_type.clone().over(target.service_type.take());
    target.priority = import
        .priority
        .clone()
        .over(Some(target.priority))
        .unwrap_or(Priority::Normal);
    target.notes = import.notes.clone().over(target.notes.take());
    target.required_skills.0 = import
        .required_skills
        .clone()
        .over(Some(std::mem::take(&mut target.required_skills.0)))
        .unwrap_or_default();
    target.attributes.0 = import
        .attributes
        .clone()
        .over(Some(std::mem::take(&mut target.attributes.0)))
        .unwrap_or_default();
}

/// Applies the requested time, which may contradict a scheduled appointment.
fn apply_time(target: &mut TargetRecord, import: &TargetImport) {
    let stored = match (target.window_start, target.window_end, target.window_zone.clone()) {
        (Some(start), Some(end), Some(zone)) => Some(domain::scheduling::windows::TimeWindow { start, end, zone }),
        _ => None,
    };
    let window = import.time_window.clone().over(stored);
    target.window_start = window.as_ref().map(|window| window.start);
    target.window_end = window.as_ref().map(|window| window.end);
    target.window_zone = window.map(|window| window.zone);
    let default_duration = TargetRecord::open(target.id.0, 0).duration_minutes;
    target.duration_minutes = import
        .duration_minutes
        .clone()
        .over(Some(target.duration_minutes))
        .unwrap_or(default_duration);
}

/// Returns the place of the job after the import (T8), which may contradict a scheduled appointment: first what the
/// location says, then what the job itself says.
fn place(target: &TargetRecord, import: &TargetImport) -> Place {
    let stored = target.place.0.clone();
    let location_place = import.location.as_ref().map_or_else(
        || stored.clone(),
        |part| Place {
            address: stored.address.with(&part.address),
            coordinates: part.coordinates.or(stored.coordinates),
        },
    );
    import.place.over(location_place)
}

fn differs_in_time_or_place(stored: &TargetRecord, sent: &TargetRecord) -> bool {
    stored.window_start != sent.window_start
        || stored.window_end != sent.window_end
        || stored.duration_minutes != sent.duration_minutes
        || stored.place.0 != sent.place.0
}

/// Collects the differences to a scheduled target as a proposal.
fn propose(proposal: &mut Proposal, stored: &TargetRecord, sent: &TargetRecord) {
    let window = |target: &TargetRecord| match (target.window_start, target.window_end, target.window_zone.clone()) {
        (Some(start), Some(end), Some(zone)) => Some(domain::scheduling::windows::TimeWindow { start, end, zone }),
        _ => None,
    };
    if window(stored) != window(sent) {
        proposal.window = Some(window(sent));
    }
    if stored.duration_minutes != sent.duration_minutes {
        proposal.duration_minutes = Some(sent.duration_minutes);
    }
    if stored.place.0 != sent.place.0 {
        proposal.place = Some(sent.place.0.clone());
    }
}

fn note(work: &mut Workspace<'_>, target: &TargetRecord, kind: TimelineKind) {
    work.writes.notes.push(
        NewTimelineEntry::for_target(kind, target.id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    );
}

fn emit(work: &mut Workspace<'_>, kind: EventType, target: &TargetRecord) {
    let source = Some(work.source);
    work.writes.events.push(
        NewEvent::for_target(kind, target.id)
            .with_source(source)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_contact(target.contact_id)
            .with_details(json!({ "status": target.status.name() })),
    );
}
