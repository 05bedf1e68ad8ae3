//! Actions of the review queue: accept, reject, assign, snooze, set priority and service type, for one or many
//! requests. A decision takes effect immediately and can be undone for a few seconds; its emails are delayed for as
//! long.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;
use domain::events::EventType;
use domain::fields::FieldCode;
use domain::identity::permissions::ReviewRequests;
use domain::ids::{RequestId, StaffId, UndoId};
use domain::problems::{Cause, Record};
use domain::requests::{Priority, ServiceType};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::requests;
use crate::requests::actions::RequestState;
use crate::requests::model::RequestView;
use crate::requests::store::requests::Triage;
use crate::requests::store::undo::RequestSnapshot;
use crate::{Core, CoreError, CoreResult};

/// How long a decision can be undone.
pub const UNDO_WINDOW: TimeDelta = TimeDelta::seconds(10);
/// Additional time for network latency.
const UNDO_GRACE: TimeDelta = TimeDelta::seconds(2);
/// Maximum number of requests in a bulk decision.
pub const MAX_BULK_REQUESTS: usize = 100;

/// How long a request is snoozed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnoozeUntil {
    Hour,
    /// Until 8:00 on the next day.
    Tomorrow,
    /// Until 8:00 on the next Monday.
    Monday,
}

impl SnoozeUntil {
    /// Parses the form value.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "1h" => Some(Self::Hour),
            "tomorrow" => Some(Self::Tomorrow),
            "monday" => Some(Self::Monday),
            _ => None,
        }
    }

    /// Returns when the snooze ends, computed in the organization's zone.
    pub(crate) fn end(self, now: DateTime<Utc>, zone: &str) -> Option<DateTime<Utc>> {
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let today = now.with_timezone(&zone).date_naive();
        let days = match self {
            Self::Hour => return Some(now + TimeDelta::hours(1)),
            Self::Tomorrow => 1,
            Self::Monday => 7 - u64::from(today.weekday().days_since(Weekday::Mon)),
        };
        let morning = today
            .checked_add_days(Days::new(days))?
            .and_time(NaiveTime::from_hms_opt(8, 0, 0)?);
        Some(zone.from_local_datetime(&morning).earliest()?.with_timezone(&Utc))
    }
}

/// A decision about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Accept,
    /// Rejects with a reason that the customer can read.
    Reject(String),
    /// Assigns a reviewer, or removes the assignment.
    Assign(Option<StaffId>),
    /// Snoozes the request, or ends the snooze.
    Snooze(Option<SnoozeUntil>),
    Priority(Priority),
    ServiceType(ServiceType),
}

/// The result of a decision.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Undoes the decision; `None` if no request was changed.
    pub undo: Option<UndoId>,
    /// Numbers of the requests for which the decision was not possible.
    pub left: Vec<i64>,
}

/// Decides about one request.
///
/// # Errors
/// Field `reason` or `assignee`; `illegal_transition` if the request's status does not allow the decision;
/// `concurrent_modification` if it is no longer the `shown` version ([`RequestView::version`]).
pub async fn decide(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    decision: Decision,
    shown: Option<&str>,
) -> CoreResult<Decided> {
    let mut tx = core.store.begin(by.staff()).await?;
    let decision = validate(&mut tx, decision).await?;
    let request = requests::load(&mut tx, id).await?;
    request.version().ensure_shown(shown, Record::Request)?;
    let undo: UndoId = tx.new_id();
    apply(core, &mut tx, &request, &decision, undo).await?;
    tx.insert_undo(undo, &[snapshot(&request)]).await?;
    finish(core, tx).await?;
    Ok(Decided {
        undo: Some(undo),
        left: Vec::new(),
    })
}

/// Decides about several requests at once. Requests whose status does not allow the decision are skipped and reported.
///
/// # Errors
/// Field `requests`, `reason` or `assignee`.
pub async fn update_requests(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    ids: &[RequestId],
    decision: Decision,
) -> CoreResult<Decided> {
    if ids.is_empty() {
        return Err(CoreError::field("requests", FieldCode::NothingSelected));
    }
    if ids.len() > MAX_BULK_REQUESTS {
        return Err(CoreError::field(
            "requests",
            FieldCode::TooManySelected { max: MAX_BULK_REQUESTS },
        ));
    }
    let mut tx = core.store.begin(by.staff()).await?;
    let decision = validate(&mut tx, decision).await?;
    let undo: UndoId = tx.new_id();
    let (mut snapshots, mut skipped) = (Vec::new(), Vec::new());
    for id in ids {
        // Unknown IDs and those of another tenant are ignored alike.
        let Some(request) = tx.request_view(*id).await? else {
            continue;
        };
        if !is_possible(&request, &decision) {
            skipped.push(request.number);
            continue;
        }
        apply(core, &mut tx, &request, &decision, undo).await?;
        snapshots.push(snapshot(&request));
    }
    tx.insert_undo(undo, &snapshots).await?;
    finish(core, tx).await?;
    Ok(Decided {
        undo: (!snapshots.is_empty()).then_some(undo),
        left: skipped,
    })
}

fn snapshot(request: &RequestView) -> RequestSnapshot {
    RequestSnapshot {
        request: request.id,
        status: request.status,
        reason: request.rejection_reason.clone(),
        triage: triage_of(request),
    }
}

fn triage_of(request: &RequestView) -> Triage {
    Triage {
        priority: request.priority,
        service_type: request.service_type,
        assignee: request.assignee_id,
        snoozed_until: request.snoozed_until,
    }
}

fn is_possible(request: &RequestView, decision: &Decision) -> bool {
    let state = RequestState::from(request);
    match decision {
        Decision::Accept | Decision::Reject(_) => state.is_undecided(),
        Decision::Assign(_) | Decision::Snooze(_) | Decision::Priority(_) | Decision::ServiceType(_) => {
            state.is_waiting()
        }
    }
}

/// Validates the form values of a decision.
async fn validate(tx: &mut TenantTx<'_, Staff>, decision: Decision) -> CoreResult<Decision> {
    let mut form = Form::default();
    let decision = match decision {
        Decision::Reject(reason) => form
            .text(
                "reason",
                requests::MAX_REASON_CHARS,
                text::paragraphs(&reason, requests::MAX_REASON_CHARS),
            )
            .map_or(Decision::Reject(reason), Decision::Reject),
        Decision::Assign(Some(person)) => {
            if !tx.reviewers().await?.iter().any(|reviewer| reviewer.id == person) {
                form.add_error("assignee", FieldCode::Required);
            }
            Decision::Assign(Some(person))
        }
        other => other,
    };
    form.finish()?;
    Ok(decision)
}

async fn apply(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: &RequestView,
    decision: &Decision,
    undo: UndoId,
) -> CoreResult<()> {
    let mut triage = triage_of(request);
    let by_zone = tx.staff().zone();
    let (action, details) = match decision {
        Decision::Accept => return requests::accept(core, tx, request, undo).await,
        Decision::Reject(reason) => return requests::reject(core, tx, request, reason, undo).await,
        Decision::Assign(person) => {
            triage.assignee = *person;
            ("request.assigned", json!({ "to": person }))
        }
        Decision::Snooze(pause) => {
            triage.snoozed_until = pause.and_then(|pause| pause.end(core.clock.now(), by_zone));
            ("request.snoozed", json!({ "until": triage.snoozed_until }))
        }
        Decision::Priority(priority) => {
            triage.priority = *priority;
            (
                "request.priority_changed",
                json!({ "from": request.priority.name(), "to": priority.name() }),
            )
        }
        Decision::ServiceType(kind) => {
            triage.service_type = *kind;
            (
                "request.service_type_changed",
                json!({ "from": request.service_type.name(), "to": kind.name() }),
            )
        }
    };
    if !RequestState::from(request).is_waiting() {
        return Err(CoreError::new(Cause::RequestNotChangeable {
            status: request.status.name().to_owned(),
        }));
    }
    if !tx.set_triage(request.id, request.updated_at, triage).await? {
        return Err(CoreError::conflict(Record::Request));
    }
    tx.audit(action, request.id, details);
    Ok(())
}

/// Undoes a decision of the signed-in user and returns the number of restored requests. Requests that were changed,
/// converted to a job or reported by email since then are not restored.
///
/// # Errors
/// Field `undo` with code `too_late` if no request can be restored.
pub async fn undo(core: &Core, by: Permit<'_, ReviewRequests>, id: UndoId) -> CoreResult<usize> {
    let too_late = || CoreError::field("undo", FieldCode::TooLate);
    let mut tx = core.store.begin(by.staff()).await?;
    let since = core.clock.now() - UNDO_WINDOW - UNDO_GRACE;
    let Some((snapshots, decided_at)) = tx.use_undo(id, since).await? else {
        return Err(too_late());
    };
    let mut restored = 0;
    for snapshot in snapshots {
        let request_id = snapshot.request;
        let Some(current) = tx.request_view(request_id).await? else {
            continue;
        };
        if current.updated_at != decided_at || current.target_id.is_some() || !tx.cancel_mails(id, request_id).await? {
            continue;
        }
        let reason = snapshot.reason.as_deref();
        if !tx
            .restore_request(request_id, decided_at, snapshot.status, reason, snapshot.triage)
            .await?
        {
            // A concurrent change: roll back everything, including the cancelled emails.
            return Err(too_late());
        }
        restored += 1;
        tx.audit(
            "request.decision_undone",
            request_id,
            json!({ "from": current.status.name(), "to": snapshot.status.name() }),
        );
        if current.status != snapshot.status {
            // The portal must not show a milestone that was undone.
            tx.delete_decision_entry(request_id, decided_at).await?;
            tx.emit(
                NewEvent::for_request(EventType::RequestStatusChanged, current.id)
                    .with_source(current.source_system_id)
                    .with_customer(current.customer_id)
                    .with_location(current.location_id)
                    .with_contact(current.contact_id)
                    .with_details(json!({ "request": { "id": current.id, "status": snapshot.status.name() } })),
            );
        }
    }
    if restored == 0 {
        return Err(too_late());
    }
    finish(core, tx).await?;
    Ok(restored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snooze_across_clock_change_ends_at_eight_local_time() {
        // A Saturday; daylight saving time ends on Sunday morning.
        let now = Utc
            .with_ymd_and_hms(2026, 10, 24, 15, 0, 0)
            .single()
            .expect("time exists");
        let end = |name| {
            let pause = SnoozeUntil::from_name(name).expect("name is known");
            pause.end(now, "Europe/Berlin").expect("time exists").to_rfc3339()
        };
        assert_eq!(end("1h"), "2026-10-24T16:00:00+00:00");
        assert_eq!(end("tomorrow"), "2026-10-25T07:00:00+00:00");
        assert_eq!(end("monday"), "2026-10-26T07:00:00+00:00");
        assert_eq!(SnoozeUntil::from_name("soon"), None);
    }
}
