//! The open work of a colleague who leaves: the requests go to somebody else.

use std::collections::BTreeMap;

use domain::fields::FieldCode;
use domain::identity::permissions::ManageTeam;
use domain::ids::StaffId;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::Permit;
use crate::identity::team;
use crate::scheduling::model::TechnicianChoice;
use crate::{Core, CoreError, CoreResult};

/// The open work of a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenWork {
    /// Requests that are assigned to the person and not closed.
    pub requests: i64,
    /// Planned visits; they move on the board, since each needs a technician who is free.
    pub visits: i64,
}

/// The open work of everybody, and who can take requests.
#[derive(Debug, Clone, Default)]
pub struct TeamWork {
    pub of: BTreeMap<StaffId, OpenWork>,
    pub reviewers: Vec<TechnicianChoice>,
}

/// Returns the open work of the team.
///
/// # Errors
/// The database is unavailable.
pub async fn team_work(core: &Core, by: Permit<'_, ManageTeam>) -> CoreResult<TeamWork> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut of: BTreeMap<StaffId, OpenWork> = BTreeMap::new();
    for (person, count) in tx.open_requests_by_assignee().await? {
        of.entry(person).or_default().requests = count;
    }
    for (person, count) in tx.planned_visits_by_technician().await? {
        of.entry(person).or_default().visits = count;
    }
    Ok(TeamWork {
        of,
        reviewers: tx.reviewers().await?,
    })
}

/// Assigns the open requests of a person to a colleague, and returns their number.
///
/// # Errors
/// `not_found`; field `to` if nobody or somebody is named who cannot review requests.
pub async fn hand_over(
    core: &Core,
    by: Permit<'_, ManageTeam>,
    from: StaffId,
    to: Option<StaffId>,
) -> CoreResult<usize> {
    let to = to.ok_or_else(|| CoreError::field("to", FieldCode::Required))?;
    let mut tx = team::begin(core, &by).await?;
    tx.member(from).await?.ok_or_else(CoreError::not_found)?;
    let reviewers = tx.reviewers().await?;
    if from == to || !reviewers.iter().any(|reviewer| reviewer.id == to) {
        return Err(CoreError::field("to", FieldCode::NotInList));
    }
    let requests = tx.reassign_open_requests(from, to).await?;
    for request in &requests {
        tx.audit("request.assigned", request, json!({ "from": from, "to": to }));
    }
    if !requests.is_empty() {
        tx.audit(
            "staff.work_handed_over",
            from,
            json!({ "to": to, "requests": requests.len() }),
        );
    }
    finish(core, tx).await?;
    Ok(requests.len())
}
