//! Targets, as staff and as the client they came from see them.

pub mod cancellation;
pub mod change_proposals;
pub mod model;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::targets::TargetRecord;
pub(crate) use self::store::targets::line_columns;

use chrono::{DateTime, Utc};
use domain::ids::TargetId;
use domain::lifecycle::Lifecycle as _;
use domain::permissions::ViewOperations;
use domain::problems::Problem;
use domain::scopes::markers::{TargetsReadScope, TargetsWriteScope};
use domain::targets::TargetStatus;
use domain::text::ExternalId;

use crate::audit::model::TimelineLine;
use crate::commit::finish;
use crate::identity::actors::{ClientPermit, Permit};
use crate::imports;
use crate::imports::model::ImportItemView;
use crate::integrations::idempotency::{Answer, IdempotencyKey, keep, replay, with_tries};
use crate::jobs::model::{ClientTarget, ProposalView, TargetView};
use crate::mapping::references::known_form;
use crate::page::Page;
use crate::requests::model::{RequestView, SlotOption};
use crate::scheduling::model::{AppointmentLine, TechnicianChoice};
use crate::{Core, CoreError, CoreResult};

/// The names of the customer and the location that a proposal wants.
pub type ProposalNames = (Option<String>, Option<String>);

/// A target with everything that planning needs.
#[derive(Debug, Clone)]
pub struct TargetPage {
    /// What its source wants to change, with the names of the customer and the location that it wants.
    pub proposal: Option<(ProposalView, ProposalNames)>,
    /// The target.
    pub target: TargetView,
    /// Times that whoever asked for it can choose from.
    pub slots: Vec<SlotOption>,
    /// The request that it came from.
    pub request: Option<RequestView>,
    /// Its appointments, newest first.
    pub appointments: Vec<AppointmentLine>,
    /// Who can be sent.
    pub technicians: Vec<TechnicianChoice>,
    /// The imports that made or changed it, with their decisions.
    pub imports: Vec<ImportItemView>,
    /// Its latest report.
    pub report: Option<domain::ids::VisitReportId>,
    /// Its history.
    pub timeline: Vec<TimelineLine>,
}

/// One target.
///
/// # Errors
/// `not_found`.
pub async fn page(core: &Core, by: Permit<'_, ViewOperations>, id: TargetId) -> CoreResult<TargetPage> {
    let mut tx = core.store.read(by.staff()).await?;
    let target = tx.target_view(id).await?.ok_or_else(CoreError::not_found)?;
    let proposal = match tx.open_proposal(id).await? {
        Some(proposal) => {
            let names = tx.names_of_proposal(&proposal.proposed.0).await?;
            Some((proposal, names))
        }
        None => None,
    };
    let request = tx.request_of_target(id).await?;
    let slots = match &request {
        Some(request) => tx.slot_options(request.id.0).await?,
        None => Vec::new(),
    };
    Ok(TargetPage {
        target,
        request,
        slots,
        appointments: tx.appointments_of(id).await?,
        technicians: tx.technicians().await?,
        imports: tx.items_of_target(id).await?,
        proposal,
        report: tx.latest_report_of_target(id).await?,
        timeline: tx.timeline_of_target(id, 50).await?,
    })
}

/// An own target of a client. Another source's target and a missing one are the same.
///
/// # Errors
/// `not_found`.
pub async fn of_client(core: &Core, by: ClientPermit<'_, TargetsReadScope>, id: TargetId) -> CoreResult<ClientTarget> {
    core.store
        .read(by.client())
        .await?
        .own_target(id)
        .await?
        .ok_or_else(CoreError::not_found)
}

/// An own target of a client by the id that its source gave it.
///
/// # Errors
/// `not_found`.
pub async fn of_client_by_external_id(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    external_id: &str,
) -> CoreResult<ClientTarget> {
    let external_id = ExternalId::parse(external_id).map_err(|_| CoreError::not_found())?;
    core.store
        .read(by.client())
        .await?
        .own_target_by_external_id(external_id.as_str())
        .await?
        .ok_or_else(CoreError::not_found)
}

/// Own targets of a client by external ids and ids; what is not known is told apart from what is.
///
/// # Errors
/// The database does not answer.
pub async fn states_of_client(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    external_ids: &[String],
    ids: &[String],
) -> CoreResult<(Vec<ClientTarget>, Vec<String>)> {
    let hex = |id: &String| id.parse::<TargetId>().ok().map(|id| id.uuid().simple().to_string());
    let parsed: Vec<String> = ids.iter().filter_map(hex).collect();
    let forms: Vec<String> = external_ids.iter().map(|id| known_form(id)).collect();
    let mut tx = core.store.read(by.client()).await?;
    let found = tx.own_target_states(&forms, &parsed).await?;
    let known: std::collections::HashSet<String> = found
        .iter()
        .flat_map(|target| [Some(target.id.to_string()), target.external_id.clone()])
        .flatten()
        .collect();
    let not_found = external_ids
        .iter()
        .zip(&forms)
        .filter(|(_, form)| !known.contains(*form))
        .map(|(sent, _)| sent)
        .chain(ids.iter().filter(|id| !known.contains(*id)))
        .cloned()
        .collect();
    Ok((found, not_found))
}

/// Cancels an own target of a client, as an import with the action `cancel` does.
///
/// # Errors
/// `not_found`; `target_locked` once the technician is on the way.
pub async fn cancel_by_client(
    core: &Core,
    by: ClientPermit<'_, TargetsWriteScope>,
    id: TargetId,
    idempotency: Option<&IdempotencyKey>,
    render: impl Fn(ClientTarget) -> Answer,
) -> CoreResult<Answer> {
    with_tries!({
        let mut tx = core.store.begin(by.client()).await?;
        if let Some(answer) = replay(&mut tx, idempotency).await? {
            return Ok(answer);
        }
        let target = tx.own_target_record(id).await?.ok_or_else(CoreError::not_found)?;
        if target.status != TargetStatus::Cancelled {
            if target.status.step(TargetStatus::Cancelled).is_err() {
                return Err(CoreError::new(
                    Problem::TargetLocked,
                    format!("The target is {} and can no longer be cancelled.", target.status.name()),
                )
                .into());
            }
            imports::cancel(core, &mut tx, target).await?;
        }
        let written = tx.own_target(id).await?.ok_or_else(CoreError::not_found)?;
        let answer = render(written);
        keep(&mut tx, idempotency, &answer).await?;
        finish(core, tx).await?;
        Ok(answer)
    })
}

/// A page of a client's own targets, oldest first.
///
/// # Errors
/// The database does not answer.
pub async fn list_of_client(
    core: &Core,
    by: ClientPermit<'_, TargetsReadScope>,
    after: Option<(DateTime<Utc>, TargetId)>,
    limit: i64,
) -> CoreResult<Page<ClientTarget>> {
    let rows = core
        .store
        .read(by.client())
        .await?
        .own_targets(after, limit + 1)
        .await?;
    Ok(Page::cut(rows, limit))
}
