//! Table T: creating, updating and cancelling the target of an import.

use domain::audit::TimelineKind;
use domain::customers::{Address, Coordinates};
use domain::events::EventType;
use domain::fields::Patch;
use domain::ids::TargetId;
use domain::imports::{ItemOutcome, PlacePatch, TargetImport, plausibility};
use domain::jobs::change_proposals::{Review, SentValues, review};
use domain::jobs::targets::TargetStatus;
use domain::mapping::Warning;
use domain::requests::Priority;
use serde_json::json;

use crate::audit::NewTimelineEntry;
use crate::db::Key;
use crate::events::NewEvent;
use crate::imports::Outcome;
use crate::imports::changes;
use crate::imports::context::Context;
use crate::imports::target_states::{confirm_version, note_reopened, review_warnings};
use crate::imports::workspace::Workspace;
use crate::jobs::TargetRecord;

/// Creates or updates the target of an import after its context has been decided. `read_as` is the stored status of an
/// existing target, which differs from its own if the import reopens it.
pub(crate) fn write(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    payload_hash: &[u8],
    existing: Option<(TargetRecord, TargetStatus)>,
    mut context: Context,
) -> Outcome {
    let stored = existing.as_ref().map(|(target, _)| target.reviewed());
    context.warnings.extend(plausibility::warnings(import, stored.as_ref()));
    match existing {
        None => create(work, import, payload_hash, context),
        Some((target, read_as)) => update(work, import, payload_hash, target, read_as, context),
    }
}

fn create(work: &mut Workspace<'_>, import: &TargetImport, payload_hash: &[u8], mut context: Context) -> Outcome {
    let id: TargetId = work.new_id();
    // The display number is assigned when the row is written.
    let mut target = TargetRecord::open(id, 0);
    target.source_system_id = Some(Key(work.source));
    target.external_id = Some(import.external_id.as_str().to_owned());
    link(&mut target, &context);
    apply_safe_fields(&mut target, import);
    let stored = target.reviewed();
    let sent = SentValues {
        location_place: sent_location_place(import),
        place: import.place.clone(),
        ..sent_appointment(import)
    };
    target.set_reviewed(sent.over(stored.clone(), &stored));
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
    work.note_changes(changes::of_job(None, &target));
    let named = SentValues {
        customer_name: context.customer_name.clone(),
        ..SentValues::default()
    };
    let review = review(&target.reviewed(), &Review::default(), &named);
    propose(work, &target, &Review::default(), &review, &mut context);
    work.writes.new_targets.push(target);
    context.into_outcome(ItemOutcome::Created, Some(id), Some("T1"), Vec::new())
}

/// How the decided context relates to the stored target.
struct Comparison {
    /// The customer is known and the location does not contradict it.
    is_resolved: bool,
    is_customer_changed: bool,
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
    read_as: TargetStatus,
    mut context: Context,
) -> Outcome {
    let id = target.id.0;
    let is_reopened = target.status != read_as;
    let compared = Comparison::new(import, &target, &context);
    if target.payload_hash.as_deref() == Some(payload_hash) && !compared.is_recovery && !is_reopened {
        confirm_version(work, import, &target);
        let review = work.review_of(&target);
        context.warnings.extend(review_warnings(&target.reviewed(), &review));
        return context.into_outcome(ItemOutcome::Unchanged, Some(id), Some("T2"), Vec::new());
    }
    let mut changed = target.clone();
    update_links(import, &target, &mut changed, &mut context, &compared);
    apply_safe_fields(&mut changed, import);
    let review = update_reviewed(work, import, &target, &mut changed, &mut context, &compared);
    let rule = if compared.is_recovery {
        "T11"
    } else if review.open.customer.is_some() {
        "T7"
    } else if review.open.changes_appointment() || (compared.is_rejected && target.status != TargetStatus::Open) {
        "T5"
    } else {
        "T4"
    };
    changed.declined_changes.0 = review.declined;
    changed.payload_hash = Some(payload_hash.to_vec());
    changed.source_updated_at = import.source_updated_at.or(target.source_updated_at);
    work.audit("target.updated", id, json!({ "by": "import", "rule": rule }));
    if is_reopened {
        note_reopened(work, &changed);
    } else {
        note(work, &changed, TimelineKind::TargetUpdated);
    }
    emit(work, EventType::TargetUpdated, &changed);
    if changed.needs_mapping != target.needs_mapping {
        let kind = if changed.needs_mapping {
            EventType::MappingReviewRequired
        } else {
            EventType::MappingResolved
        };
        emit(work, kind, &changed);
    }
    let before = TargetRecord {
        status: read_as,
        ..target
    };
    work.note_changes(changes::of_job(Some(&before), &changed));
    work.writes.changed_targets.push((changed, read_as));
    context.into_outcome(ItemOutcome::Updated, Some(id), Some(rule), Vec::new())
}

/// Updates customer, location and contact of the target.
fn update_links(
    import: &TargetImport,
    target: &TargetRecord,
    changed: &mut TargetRecord,
    context: &mut Context,
    compared: &Comparison,
) {
    let is_open = target.status == TargetStatus::Open;
    if compared.is_recovery {
        relink(changed, context);
        context.warnings.push(Warning {
            code: "mapping_recovered",
            pointer: "/customer",
        });
    } else if compared.is_customer_changed {
        // The links stay until dispatch accepts the change.
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
}

/// Applies time, place, duration, service type and skills to an open target. Everything that then differs from what the
/// source says is proposed to dispatch, unless dispatch has declined it.
fn update_reviewed(
    work: &mut Workspace<'_>,
    import: &TargetImport,
    target: &TargetRecord,
    changed: &mut TargetRecord,
    context: &mut Context,
    compared: &Comparison,
) -> Review {
    let before = work.review_of(target);
    let sent = sent_values(import, target, changed, context, compared);
    let mut stored = changed.reviewed();
    if target.status == TargetStatus::Open {
        let of_record = SentValues {
            customer: None,
            customer_name: Patch::Absent,
            ..sent.clone()
        };
        let direct = if compared.is_customer_changed {
            // Place, location and contact belong to the other customer.
            SentValues {
                location_place: None,
                place: PlacePatch::default(),
                location: Patch::Absent,
                contact: Patch::Absent,
                ..of_record
            }
        } else {
            of_record
        };
        stored = direct.over(stored.clone(), &stored);
        changed.set_reviewed(stored.clone());
    }
    let review = review(&stored, &before, &sent);
    let is_contradicted = compared.is_rejected && target.status != TargetStatus::Open;
    if is_contradicted && !review.open.changes_appointment() {
        context.warnings.push(Warning {
            code: "change_requires_review",
            pointer: "",
        });
    }
    context.warnings.extend(review_warnings(&stored, &review));
    propose(work, changed, &before, &review, context);
    review
}

/// Collects the open changes of a target, if they differ from those before.
fn propose(work: &mut Workspace<'_>, target: &TargetRecord, before: &Review, review: &Review, context: &mut Context) {
    let open = &review.open;
    if !open.is_empty() {
        context.decision["proposal"] = json!(open);
        let proposed = changes::of_proposal(&target.reviewed(), open, &work.candidates);
        work.note_changes(proposed);
    }
    if *open == before.open {
        return;
    }
    if open.customer.is_some() && open.customer != before.open.customer {
        note(work, target, TimelineKind::CustomerChangeProposed);
    } else if !open.is_empty() {
        note(work, target, TimelineKind::ChangeProposed);
    }
    work.writes.proposals.push((target.id.0, open.clone()));
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
    target.priority = import
        .priority
        .clone()
        .over(Some(target.priority))
        .unwrap_or(Priority::Normal);
    target.notes = import.notes.clone().over(target.notes.take());
    target.attributes.0 = import
        .attributes
        .clone()
        .over(Some(std::mem::take(&mut target.attributes.0)))
        .unwrap_or_default();
}

/// Returns what the import says about time and kind of the visit.
fn sent_appointment(import: &TargetImport) -> SentValues {
    SentValues {
        window: import.time_window.clone(),
        duration_minutes: import.duration_minutes.clone(),
        service_type: import.service_type.clone(),
        required_skills: import.required_skills.clone(),
        ..SentValues::default()
    }
}

fn sent_location_place(import: &TargetImport) -> Option<(Address, Option<Coordinates>)> {
    import
        .location
        .as_ref()
        .map(|part| (part.address.clone(), part.coordinates))
}

/// Returns what the import says about an existing target. A place that contradicts the customer is not taken over.
fn sent_values(
    import: &TargetImport,
    target: &TargetRecord,
    changed: &TargetRecord,
    context: &Context,
    compared: &Comparison,
) -> SentValues {
    let mut sent = sent_appointment(import);
    if !compared.is_rejected || target.location_id.is_none() {
        sent.location_place = sent_location_place(import);
        sent.place = import.place.clone();
    }
    sent.location = match context.location {
        _ if context.location_failed => Patch::Absent,
        Some(location) => Patch::Value(location),
        None if import.clears_location => Patch::Null,
        None => Patch::Absent,
    };
    if compared.is_customer_changed {
        sent.contact = context.contact.map_or(Patch::Absent, Patch::Value);
    }
    sent.customer = context.customer.filter(|_| changed.customer_id.is_some());
    sent.customer_name = context.customer_name.clone();
    sent
}

pub(super) fn note(work: &mut Workspace<'_>, target: &TargetRecord, kind: TimelineKind) {
    work.writes.notes.push(
        NewTimelineEntry::for_target(kind, target.id)
            .with_customer(target.customer_id)
            .with_location(target.location_id),
    );
}

pub(super) fn emit(work: &mut Workspace<'_>, kind: EventType, target: &TargetRecord) {
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
