//! Targets, as staff and as the client of their source see them.

mod actions;
pub mod by_staff;
pub mod cancellation;
pub mod change_proposals;
pub mod list;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::actions::is_offerable;
pub(crate) use self::store::targets::TargetRecord;
pub(crate) use self::store::targets::select_target_line;

use chrono::{DateTime, Utc};
use domain::identity::permissions::{PlanTargets, ViewOperations, ViewReports};
use domain::ids::TargetId;
use domain::jobs::steps;
use domain::jobs::steps::{JobFacts, JobStep, StepState};
use domain::jobs::targets::{AppointmentStatus, TargetStatus};
use domain::lifecycle::Lifecycle as _;
use domain::problems::Cause;
use domain::scopes::markers::{TargetsReadScope, TargetsWriteScope};
use domain::text::ExternalId;

use crate::audit::model::TimelineEntry;
use crate::commit::finish;
use crate::identity::actors::{ClientPermit, Permit};
use crate::imports;
use crate::imports::model::ImportItemView;
use crate::integrations::idempotency::{ApiResponse, IdempotencyKey, replay_response, store_response, with_retries};
use crate::jobs::actions::JobState;
use crate::jobs::model::{ClientTarget, JobActions, ProposalNames, ProposalView, TargetFilter, TargetView};
use crate::mapping::references::normalize_external_id;
use crate::notifications::reach::{self, Reach, SourceReach};
use crate::page::Page;
use crate::portal_access::view_as;
use crate::portal_access::view_as::Viewer;
use crate::requests;
use crate::requests::model::SlotOption;
use crate::requests::of_job::RequestOfJob;
use crate::scheduling::model::{AppointmentSummary, TechnicianChoice};
use crate::visits::model::JobReport;
use crate::visits::notices::VisitNotice;
use crate::visits::sync_conflicts;
use crate::visits::sync_conflicts::WithPhotos;
use crate::{Core, CoreError, CoreResult};

/// A target with everything that its page shows.
#[derive(Debug, Clone)]
pub struct TargetPage {
    /// The open change proposal of its source, with the names of the proposed records.
    pub proposal: Option<(ProposalView, ProposalNames)>,
    pub target: TargetView,
    /// The time slots that were offered to the requester.
    pub slots: Vec<SlotOption>,
    /// The request that the target was created from.
    pub request: Option<RequestOfJob>,
    /// Newest first.
    pub appointments: Vec<AppointmentSummary>,
    /// The technicians that can be assigned.
    pub technicians: Vec<TechnicianChoice>,
    /// The imports that created or changed it, with their decisions.
    pub imports: Vec<ImportItemView>,
    /// The 20 latest reports of its visits, the latest first.
    pub reports: Vec<JobReport>,
    /// The report that the steps are about: that of the latest visit.
    pub step_report: Option<JobReport>,
    pub steps: Vec<(JobStep, StepState)>,
    /// The 50 latest entries.
    pub timeline: Vec<TimelineEntry>,
    /// The portal users who can see its shared appointments.
    pub viewers: Vec<Viewer>,
    /// The entries that technicians have sent to dispatch.
    pub forwarded_entries: Vec<WithPhotos>,
    /// Entries that dispatch kept as notes.
    pub kept_notes: Vec<WithPhotos>,
    /// What technicians have told dispatch before its visits, newest first.
    pub notices: Vec<VisitNotice>,
    /// Whether a requester is notified of its changes.
    pub notifies_requester: bool,
    /// How the requester is told about its changes.
    pub reach: Option<Reach>,
    /// The source system of a job without a request, and whether it is told about its changes.
    pub source: Option<SourceReach>,
    pub actions: JobActions,
}

/// Returns the visits that took place, the first one first.
pub fn past_visits(appointments: &[AppointmentSummary]) -> Vec<&AppointmentSummary> {
    let mut past: Vec<_> = appointments
        .iter()
        .filter(|appointment| appointment.status == AppointmentStatus::Done)
        .collect();
    past.sort_by_key(|appointment| appointment.starts_at);
    past
}

/// Returns one target with everything that its page shows.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: TargetId) -> CoreResult<TargetPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let proposal = match tx.open_proposal(id).await? {
        Some(proposal) => {
            let names = tx.find_proposed_names(&proposal.proposed).await?;
            Some((proposal, names))
        }
        None => None,
    };
    let request = requests::of_job::load(&mut tx, id).await?;
    let notifies_requester = request
        .as_ref()
        .is_some_and(|found| found.request.channel.notifies_requester());
    let state = JobState {
        status: target.status,
        is_mapped: target.is_mapped(),
        has_requester: notifies_requester,
        is_imported: target.external_id.is_some(),
    };
    let slots = match &request {
        Some(found) => tx.slot_options(found.request.id).await?,
        None => Vec::new(),
    };
    let source = match &target.source_key {
        Some(key) if request.is_none() => Some(reach::of_source(&mut tx, key).await?),
        _ => None,
    };
    let reach = match &request {
        Some(request) => reach::of_request(core, &mut tx, request.request.id, request.request.channel).await?,
        None => None,
    };
    let appointments = tx.appointments_of(id).await?;
    let reports = if by.staff().has::<ViewReports>() {
        tx.reports_of_target(id).await?
    } else {
        Vec::new()
    };
    let past_visits = past_visits(&appointments);
    // A report of an earlier visit may be submitted later than that of the latest one.
    let report = past_visits
        .last()
        .and_then(|visit| reports.iter().find(|report| report.appointment_id == visit.id));
    let steps = steps::steps(JobFacts {
        status: target.status,
        past_visits: past_visits.len(),
        report: report.map(|report| report.status),
        is_released: report.is_some_and(|report| report.released_revision.is_some()),
    });
    let step_report = report.cloned();
    let mut timeline = tx.timeline_of_target(id, 50).await?;
    let names = tx
        .actor_names(timeline.iter().map(|entry| entry.actor.as_str()))
        .await?;
    for entry in &mut timeline {
        entry.actor_name = names.of(&entry.actor);
    }
    Ok(TargetPage {
        target,
        request,
        slots,
        appointments,
        technicians: tx.technicians().await?,
        imports: tx.items_of_target(id).await?,
        proposal,
        reports,
        step_report,
        steps,
        timeline,
        viewers: view_as::viewers_of_appointments(&mut tx, id).await?,
        forwarded_entries: sync_conflicts::forwarded(&mut tx, id).await?,
        kept_notes: sync_conflicts::kept_notes(&mut tx, id).await?,
        notices: tx.visit_notices_of(id).await?,
        notifies_requester,
        reach,
        source,
        actions: JobActions::of(state, by.staff().has::<PlanTargets>()),
    })
}

/// Returns a target of the client's source. A target of another source is reported like a missing one.
///
/// # Errors
/// `not_found`.
pub async fn get_for_client(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    id: TargetId,
) -> CoreResult<ClientTarget> {
    core.store
        .read(by.client())
        .await?
        .find_client_target(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns a target of the client's source by external ID.
///
/// # Errors
/// `not_found`.
pub async fn get_for_client_by_external_id(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    external_id: &str,
) -> CoreResult<ClientTarget> {
    let external_id = ExternalId::parse(external_id).map_err(|_| CoreError::not_found())?;
    core.store
        .read(by.client())
        .await?
        .find_client_target_by_external_id(external_id.as_str())
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Returns targets of the client's source by external IDs and IDs, and separately the keys that were not found.
pub async fn list_states_for_client(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    external_ids: &[String],
    ids: &[String],
) -> CoreResult<(Vec<ClientTarget>, Vec<String>)> {
    let hex = |id: &String| id.parse::<TargetId>().ok().map(|id| id.uuid().simple().to_string());
    let parsed: Vec<String> = ids.iter().filter_map(hex).collect();
    let normalized: Vec<String> = external_ids.iter().map(|id| normalize_external_id(id)).collect();
    let mut tx = core.store.read(by.client()).await?;
    let found = tx.list_client_targets_by_keys(&normalized, &parsed).await?;
    let known: std::collections::HashSet<String> = found
        .iter()
        .flat_map(|target| [Some(target.id.to_string()), target.external_id.clone()])
        .flatten()
        .collect();
    let not_found = external_ids
        .iter()
        .zip(&normalized)
        .filter(|(_, normalized)| !known.contains(*normalized))
        .map(|(sent, _)| sent)
        .chain(ids.iter().filter(|id| !known.contains(*id)))
        .cloned()
        .collect();
    Ok((found, not_found))
}

/// Cancels a target of the client's source, as an import with the action `cancel` does.
///
/// # Errors
/// `not_found`; `target_locked` once the technician is on the way.
pub async fn cancel_for_client(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: TargetId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientTarget) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let target = tx.lock_client_target(id).await?.ok_or_else(CoreError::not_found)?;
        if target.status != TargetStatus::Cancelled {
            if target.status.step(TargetStatus::Cancelled).is_err() {
                return Err(CoreError::new(Cause::JobNotCancellable {
                    status: target.status.name().to_owned(),
                })
                .into());
            }
            imports::cancel(core, &mut tx, target).await?;
        }
        let cancelled = tx.find_client_target(id).await?.ok_or_else(CoreError::not_found)?;
        let response = render(cancelled);
        store_response(&mut tx, idempotency, &response).await?;
        finish(core, tx).await?;
        Ok(response)
    })
}

/// Opens a cancelled target of the client's source again, so that dispatch reviews and schedules it.
///
/// # Errors
/// `not_found`; `target_locked` unless the target is cancelled and was imported.
pub async fn reopen_for_client(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: TargetId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientTarget) -> ApiResponse,
) -> CoreResult<ApiResponse> {
    with_retries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(response) = replay_response(&mut tx, idempotency).await? {
            return Ok(response);
        }
        let target = tx.lock_client_target(id).await?.ok_or_else(CoreError::not_found)?;
        if target.status != TargetStatus::Open {
            if target.status != TargetStatus::Cancelled || target.external_id.is_none() {
                return Err(CoreError::new(Cause::JobNotReopenable {
                    status: target.status.name().to_owned(),
                })
                .into());
            }
            imports::reopen(core, &mut tx, target).await?;
        }
        let opened = tx.find_client_target(id).await?.ok_or_else(CoreError::not_found)?;
        let response = render(opened);
        store_response(&mut tx, idempotency, &response).await?;
        finish(core, tx).await?;
        Ok(response)
    })
}

/// Returns a page of the targets of the client's source, oldest first.
pub async fn list_for_client(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    filter: &TargetFilter,
    after: Option<(DateTime<Utc>, TargetId)>,
    limit: i64,
) -> CoreResult<Page<ClientTarget>> {
    let rows = core
        .store
        .read(by.client())
        .await?
        .list_client_targets(filter, after, limit + 1)
        .await?;
    Ok(Page::from_rows(rows, limit))
}
