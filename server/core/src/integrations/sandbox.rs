//! What test keys can do beyond live ones: advance a job of the sandbox through its life, and trigger an event of each type.
//! The steps are the use cases of live operation, so states, events and results are the real ones.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::events::{EventType, Member, example};
use domain::fields::FieldCode;
use domain::ids::{EventId, TargetId};
use domain::jobs::sandbox::{SandboxStage, next_stage};
use domain::problems::Cause;
use domain::scheduling::consent::AcceptedConflicts;
use domain::scopes::markers::{TargetsWriteScope, WebhooksWriteScope};
use domain::visits::day_entries::WrittenReport;
use domain::visits::reports::ReportStatus;
use domain::webhooks::DataOption;
use serde_json::{Map, Value};

use crate::commit::finish;
use crate::events::NewEvent;
use crate::identity::actors::{ApiClient, ClientPermit};
use crate::identity::sandbox_crew;
use crate::identity::sandbox_crew::SandboxCrew;
use crate::jobs;
use crate::jobs::model::ClientTarget;
use crate::releases::{ReleaseForm, publish};
use crate::scheduling::appointments::{ScheduleForm, occurrence, schedule};
use crate::visits::report::submit_report;
use crate::visits::{arrive, report_review, start_sandbox_travel};
use crate::{Core, CoreError, CoreResult};

/// How long after a call the appointment begins if the call names no start, and how long it takes.
const DEFAULT_LEAD: TimeDelta = TimeDelta::hours(1);
const APPOINTMENT_LENGTH: TimeDelta = TimeDelta::hours(2);
/// The longest summary and follow-up, in characters.
pub const MAX_SUMMARY_CHARS: usize = 4_000;
pub const MAX_FOLLOW_UP_CHARS: usize = 300;
/// The longest work time of a report, in minutes.
pub const MAX_WORK_MINUTES: i64 = 1_440;

/// How far a job is advanced, and what the visit is reported as.
#[derive(Debug, Clone)]
pub struct Advance {
    pub to: SandboxStage,
    /// When the appointment begins; in an hour if absent.
    pub start: Option<DateTime<Utc>>,
    pub summary: Option<String>,
    pub work_minutes: Option<i64>,
    /// Billable if absent.
    pub billable: Option<bool>,
    /// Remaining work, which becomes a follow-up.
    pub follow_up: Option<String>,
}

/// Advances a job of the sandbox, through all stages up to the one that is asked for. A job that is already there is returned
/// unchanged.
///
/// # Errors
/// `feature_not_enabled` with a live credential; `not_found`; `target_locked` if the job takes no further steps;
/// `validation_failed` if its customer is not mapped.
pub async fn advance(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: TargetId,
    wish: &Advance,
) -> CoreResult<ClientTarget> {
    let client = by.client();
    let crew = sandbox_crew::of_client(core, client).await?;
    loop {
        let target = find(core, client, id).await?;
        let stage = next_stage(target.status, wish.to).map_err(|status| {
            CoreError::new(Cause::JobNotAdvanceable {
                status: status.name().to_owned(),
            })
        })?;
        let Some(stage) = stage else { return Ok(target) };
        let by_technician = || crew.technician.may();
        match stage {
            SandboxStage::Scheduled => match schedule_visit(core, &crew, id, wish).await {
                Err(error) if error.cause == Cause::AppointmentRescheduled => {}
                scheduled => scheduled?,
            },
            SandboxStage::EnRoute => start_sandbox_travel(core, by_technician()?, id).await?,
            SandboxStage::OnSite => arrive(core, by_technician()?, id, None).await?,
            SandboxStage::Completed | SandboxStage::NotCompleted => {
                let report = report(wish, stage == SandboxStage::Completed);
                submit_report(core, by_technician()?, id, None, &report, Vec::new()).await?;
            }
            SandboxStage::Approved | SandboxStage::Released => {
                decide_report(core, &crew, id, stage, wish).await?;
                return find(core, client, id).await;
            }
        }
    }
}

async fn find(core: &Core, client: &ApiClient, id: TargetId) -> CoreResult<ClientTarget> {
    let mut tx = core.store.read(client).await?;
    tx.find_client_target(id).await?.ok_or_else(CoreError::not_found)
}

async fn schedule_visit(core: &Core, crew: &SandboxCrew, id: TargetId, wish: &Advance) -> CoreResult<()> {
    let page = jobs::page(core, crew.dispatcher.may()?, id).await?;
    let zone: Tz = page
        .target
        .location_zone
        .as_deref()
        .unwrap_or_else(|| crew.dispatcher.zone())
        .parse()
        .unwrap_or(Tz::UTC);
    let start = wish
        .start
        .unwrap_or_else(|| core.clock.now() + DEFAULT_LEAD)
        .trunc_subsecs(0);
    let local = |at: DateTime<Utc>| at.with_timezone(&zone);
    let form = ScheduleForm {
        technician: crew.technician.id().to_string(),
        date: local(start).format("%Y-%m-%d").to_string(),
        start: local(start).format("%H:%M").to_string(),
        end: local(start + APPOINTMENT_LENGTH).format("%H:%M").to_string(),
        shared: true,
        accepted: AcceptedConflicts::all(),
        // The job has no appointment: of two calls at the same time, one schedules it.
        was: Some(String::new()),
        reason: "Sandbox".to_owned(),
        start_occurrence: occurrence(start, zone).to_owned(),
        end_occurrence: occurrence(start + APPOINTMENT_LENGTH, zone).to_owned(),
    };
    schedule(core, crew.dispatcher.may()?, id, &form).await.map(drop)
}

fn report(wish: &Advance, completed: bool) -> WrittenReport {
    WrittenReport {
        completed,
        summary: wish
            .summary
            .clone()
            .unwrap_or_else(|| "Work done in the sandbox.".to_owned()),
        work_minutes: wish.work_minutes.unwrap_or(60).to_string(),
        billable: wish.billable.unwrap_or(true),
        follow_up: wish.follow_up.clone().unwrap_or_default(),
        ..WrittenReport::default()
    }
}

async fn decide_report(
    core: &Core,
    crew: &SandboxCrew,
    target: TargetId,
    stage: SandboxStage,
    wish: &Advance,
) -> CoreResult<()> {
    let page = jobs::page(core, crew.dispatcher.may()?, target).await?;
    let id = page
        .reports
        .first()
        .map(|report| report.id)
        .ok_or_else(CoreError::not_found)?;
    let report = report_review::page(core, crew.manager.may()?, id).await?;
    if report.report.status == ReportStatus::Submitted {
        report_review::approve(core, crew.manager.may()?, id, None).await?;
    }
    if stage == SandboxStage::Released && report.releases.is_empty() {
        let form = ReleaseForm {
            title: "Sandbox report".to_owned(),
            summary: report.report.summary.clone(),
            message: String::new(),
            follow_up: wish.follow_up.clone().unwrap_or_default(),
            attachments: Vec::new(),
            shown_revision: None,
        };
        publish(core, crew.manager.may()?, id, &form).await?;
    }
    Ok(())
}

/// Triggers an event of a type in the sandbox, with the members of the documented example; it is delivered like every other.
/// Events about a job name the job of the client that is given.
///
/// # Errors
/// `feature_not_enabled` with a live credential; field `/type` for `webhook.test`, which endpoints have an action for; field
/// `/targetId`.
pub async fn trigger_event(
    core: &Core,
    by: ClientPermit<'_, WebhooksWriteScope>,
    kind: EventType,
    target: Option<TargetId>,
) -> CoreResult<EventId> {
    let client = by.client();
    if !client.is_test() {
        return Err(CoreError::new(Cause::SandboxOnly));
    }
    if kind == EventType::WebhookTest {
        return Err(CoreError::field("/type", FieldCode::NotInList));
    }
    let target = match target {
        Some(id) => Some(
            find(core, client, id)
                .await
                .map_err(|_| CoreError::field("/targetId", FieldCode::TargetNotFound))?,
        ),
        None if kind.members().contains(&Member::Target) && kind != EventType::RequestStatusChanged => {
            return Err(CoreError::field("/targetId", FieldCode::Required));
        }
        None => None,
    };
    let body = example(kind);
    let event = match &target {
        Some(target) => NewEvent::for_target(kind, target.id)
            .with_customer(target.customer_id)
            .with_location(target.location_id)
            .with_contact(target.contact_id)
            .with_source(Some(client.source_system())),
        None => NewEvent::for_source(
            kind,
            client.source_system(),
            body["orderingKey"].as_str().unwrap_or_default(),
        ),
    };
    let mut tx = core.store.begin(client).await?;
    let id = tx.emit(event.with_details(details(&body)));
    finish(core, tx).await?;
    core.wake_worker.notify_one();
    Ok(id)
}

/// Returns the type-specific members of an example body as an event stores them: members of a data option under its name, and
/// the status of the job apart.
fn details(body: &Value) -> Value {
    let mut details = body["data"].as_object().cloned().unwrap_or_default();
    details.remove("customerContext");
    let target = details.remove("target");
    if let Some(status) = target.as_ref().and_then(|target| target.get("status")) {
        details.insert("status".to_owned(), status.clone());
    }
    for option in DataOption::ALL {
        let (place, names) = option.location();
        if place != "/data" {
            continue;
        }
        let members: Map<String, Value> = names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), details.remove(*name)?)))
            .collect();
        if !members.is_empty() {
            details.insert(option.name().to_owned(), Value::Object(members));
        }
    }
    Value::Object(details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_keep_members_of_data_options_apart() {
        for kind in EventType::ALL.iter().copied() {
            let details = details(&example(kind));
            assert!(
                details.get("summary").is_none() && details.get("workMinutes").is_none(),
                "{details}"
            );
            assert!(details.get("target").is_none() && details.get("customerContext").is_none());
        }
        let details = details(&example(EventType::BillingTriggered));
        assert_eq!(details["billingDetails"]["workMinutes"], 95);
    }
}
