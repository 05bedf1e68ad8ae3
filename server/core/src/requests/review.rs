//! The review queue's acts: accept, reject, assign, put off, say how urgent and of what kind. One request or many, and
//! every one of these can be taken back for a few seconds: the decision takes effect at once, its mails wait as long.

use chrono::{DateTime, Datelike as _, Days, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};
use chrono_tz::Tz;
use domain::events::EventType;
use domain::ids::{RequestId, StaffId, UndoId};
use domain::permissions::ReviewRequests;
use domain::problems::Problem;
use domain::requests::{Priority, ServiceType};
use domain::text;
use serde_json::json;

use crate::commit::finish;
use crate::db::TenantTx;
use crate::events::NewEvent;
use crate::form::Form;
use crate::identity::actors::{Permit, Staff};
use crate::requests;
use crate::requests::model::RequestView;
use crate::requests::store::requests::Triage;
use crate::requests::store::undo::Earlier;
use crate::{Core, CoreError, CoreResult};

/// How long a decision can be taken back.
pub const UNDO: TimeDelta = TimeDelta::seconds(10);
/// The grace for the way between the button and the server.
const UNDO_GRACE: TimeDelta = TimeDelta::seconds(2);
/// How many requests one act may be about.
pub const MOST_AT_ONCE: usize = 100;

/// How long something is put off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// For an hour.
    Hour,
    /// Until eight in the morning of the next day.
    Tomorrow,
    /// Until eight in the morning of the next Monday.
    Monday,
}

impl Pause {
    /// Reads what the form sends.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "1h" => Some(Self::Hour),
            "tomorrow" => Some(Self::Tomorrow),
            "monday" => Some(Self::Monday),
            _ => None,
        }
    }

    /// When it ends, as the organisation's clock shows it.
    fn end(self, now: DateTime<Utc>, zone: &str) -> Option<DateTime<Utc>> {
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

/// What is decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It will be done.
    Accept,
    /// It will not be done; the customer reads why.
    Reject(String),
    /// Whose it is.
    Assign(Option<StaffId>),
    /// It need not be looked at for a while; nothing ends a pause.
    Snooze(Option<Pause>),
    /// How urgent it is.
    Priority(Priority),
    /// What kind of service it is.
    ServiceType(ServiceType),
}

/// What came of a decision.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Takes it back; nothing if nothing was changed.
    pub undo: Option<UndoId>,
    /// The numbers of requests for which it was not possible.
    pub left: Vec<i64>,
}

/// Decides about one request.
///
/// # Errors
/// `not_found`, `illegal_transition`; field `reason` or `assignee`.
pub async fn decide(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    id: RequestId,
    decision: Decision,
) -> CoreResult<Decided> {
    let mut tx = core.store.begin(by.staff()).await?;
    let decision = checked(&mut tx, decision).await?;
    let request = requests::load(&mut tx, id).await?;
    let undo: UndoId = tx.new_id();
    apply(core, &mut tx, &request, &decision, undo).await?;
    tx.insert_undo(undo, &[earlier(&request)]).await?;
    finish(core, tx).await?;
    Ok(Decided {
        undo: Some(undo),
        left: Vec::new(),
    })
}

/// Decides about several requests at once. Those for which it is not possible any more stay as they are and are named.
///
/// # Errors
/// Field `requests`, `reason` or `assignee`.
pub async fn decide_many(
    core: &Core,
    by: Permit<'_, ReviewRequests>,
    ids: &[RequestId],
    decision: Decision,
) -> CoreResult<Decided> {
    if ids.is_empty() {
        return Err(CoreError::field(
            "requests",
            "nothing_selected",
            "Select requests first.",
        ));
    }
    if ids.len() > MOST_AT_ONCE {
        return Err(CoreError::field(
            "requests",
            "too_many_selected",
            format!("At most {MOST_AT_ONCE} can be decided at once."),
        ));
    }
    let mut tx = core.store.begin(by.staff()).await?;
    let decision = checked(&mut tx, decision).await?;
    let undo: UndoId = tx.new_id();
    let (mut before, mut left) = (Vec::new(), Vec::new());
    for id in ids {
        // What belongs to somebody else or is gone is left out like what does not exist.
        let Some(request) = tx.request_view(*id).await? else {
            continue;
        };
        if !possible(&request, &decision) {
            left.push(request.number);
            continue;
        }
        apply(core, &mut tx, &request, &decision, undo).await?;
        before.push(earlier(&request));
    }
    tx.insert_undo(undo, &before).await?;
    finish(core, tx).await?;
    Ok(Decided {
        undo: (!before.is_empty()).then_some(undo),
        left,
    })
}

fn earlier(request: &RequestView) -> Earlier {
    Earlier {
        request: request.id.0,
        status: request.status,
        reason: request.rejection_reason.clone(),
        triage: triage_of(request),
    }
}

fn triage_of(request: &RequestView) -> Triage {
    Triage {
        priority: request.priority,
        service_type: request.service_type,
        assignee: request.assignee_id.map(|key| key.0),
        snoozed_until: request.snoozed_until,
    }
}

fn is_waiting(request: &RequestView) -> bool {
    request.target_id.is_none() && request.status.is_waiting()
}

fn possible(request: &RequestView, decision: &Decision) -> bool {
    match decision {
        Decision::Accept | Decision::Reject(_) => request.status.is_undecided(),
        Decision::Assign(_) | Decision::Snooze(_) | Decision::Priority(_) | Decision::ServiceType(_) => {
            is_waiting(request)
        }
    }
}

/// Checks what a form sent along with a decision.
async fn checked(tx: &mut TenantTx<'_, Staff>, decision: Decision) -> CoreResult<Decision> {
    let mut form = Form::default();
    let decision = match decision {
        Decision::Reject(reason) => form
            .text(
                "reason",
                requests::MOST_REASON,
                text::paragraphs(&reason, requests::MOST_REASON),
            )
            .map_or(Decision::Reject(reason), Decision::Reject),
        Decision::Assign(Some(person)) => {
            if !tx.reviewers().await?.iter().any(|reviewer| reviewer.id.0 == person) {
                form.wrong("assignee", "required", "Choose somebody of the team.");
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
    if !is_waiting(request) {
        return Err(CoreError::new(
            Problem::IllegalTransition,
            format!("It is {} and waits for nothing any more.", request.status.name()),
        ));
    }
    if !tx.set_triage(request.id.0, request.updated_at, triage).await? {
        return Err(CoreError::new(
            Problem::ConcurrentModification,
            "Somebody else changed this request at the same time.",
        ));
    }
    tx.audit(action, request.id, details);
    Ok(())
}

/// Takes an own decision back. Requests that have changed since, or became a job, stay as they are; so does everything once
/// a mail about the decision has gone out.
///
/// # Errors
/// `too_late`.
pub async fn undo(core: &Core, by: Permit<'_, ReviewRequests>, id: UndoId) -> CoreResult<usize> {
    let too_late = || CoreError::field("undo", "too_late", "This can no longer be taken back.");
    let mut tx = core.store.begin(by.staff()).await?;
    let since = core.clock.now() - UNDO - UNDO_GRACE;
    let Some((before, decided_at)) = tx.take_undo(id, since).await? else {
        return Err(too_late());
    };
    let mut restored = 0;
    for earlier in before {
        let request_id = earlier.request;
        let Some(now) = tx.request_view(request_id).await? else {
            continue;
        };
        // What has changed since, became a job, or was told by mail, stays.
        if now.updated_at != decided_at || now.target_id.is_some() || !tx.take_mails_back(id, request_id).await? {
            continue;
        }
        let reason = earlier.reason.as_deref();
        if !tx
            .restore_request(request_id, decided_at, earlier.status, reason, earlier.triage)
            .await?
        {
            // Somebody was faster: nothing is taken back, mails included.
            return Err(too_late());
        }
        restored += 1;
        tx.audit(
            "request.decision_undone",
            request_id,
            json!({ "from": now.status.name(), "to": earlier.status.name() }),
        );
        if now.status != earlier.status {
            // The milestone was not to be; a portal must not go on showing it.
            tx.remove_milestones(request_id, decided_at).await?;
            tx.emit(NewEvent {
                endpoint: None,
                source: now.source_system_id.map(|key| key.0),
                kind: EventType::RequestStatusChanged,
                ordering_key: now.id.to_string(),
                target: None,
                customer: now.customer_id.map(|key| key.0),
                location: now.location_id.map(|key| key.0),
                contact: now.contact_id.map(|key| key.0),
                details: json!({ "request": { "id": now.id.0, "status": earlier.status.name() } }),
            });
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
    fn pauses_end_at_eight_as_the_clock_shows_it() {
        // A Saturday; the clock goes back on Sunday morning.
        let now = Utc.with_ymd_and_hms(2026, 10, 24, 15, 0, 0).single().expect("a moment");
        let at = |name| {
            let pause = Pause::from_name(name).expect("a pause");
            pause.end(now, "Europe/Berlin").expect("a moment").to_rfc3339()
        };
        assert_eq!(at("1h"), "2026-10-24T16:00:00+00:00");
        assert_eq!(at("tomorrow"), "2026-10-25T07:00:00+00:00");
        assert_eq!(at("monday"), "2026-10-26T07:00:00+00:00");
        assert_eq!(Pause::from_name("soon"), None);
    }
}
