//! What has changed in a technician's visits since they confirmed to have seen them: new, moved and cancelled visits, and
//! messages of customers. Nothing vanishes from My day without a word.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::PerformVisits;
use domain::ids::AppointmentId;
use domain::jobs::targets::AppointmentStatus;
use serde_json::json;

use crate::commit::finish;
use crate::identity::actors::{Permit, Staff};
use crate::visits::model::DayStop;
pub use crate::visits::store::changes::RemovedStop;
use crate::{Core, CoreError, CoreResult};

/// How long after its end a change of a visit is still news.
pub(crate) const NEWS_AFTER_END: TimeDelta = TimeDelta::hours(24);
/// Changes that can be confirmed at once.
const MAX_CONFIRMED: usize = 400;

/// The changes that a technician has not confirmed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// Visits that are new or moved, or about which the customer has written, in chronological order.
    pub stops: Vec<DayStop>,
    /// Visits that were cancelled or given to a colleague.
    pub removed: Vec<RemovedStop>,
}

impl Changes {
    pub const fn is_empty(&self) -> bool {
        self.stops.is_empty() && self.removed.is_empty()
    }

    /// Returns what the button confirms, for a hidden form field.
    pub fn to_form(&self) -> String {
        let stops = self
            .stops
            .iter()
            .map(|stop| (stop.appointment_id, stop.appointment_status));
        let removed = self
            .removed
            .iter()
            .map(|stop| (stop.appointment_id, stop.appointment_status));
        stops
            .chain(removed)
            .map(|(id, status)| format!("{id}:{}", status.name()))
            .collect::<Vec<_>>()
            .join(",")
    }
}

/// Records which stops have reached the technician's device. Pages are read-only otherwise, so this is a transaction of its own.
pub(crate) async fn mark_shown(core: &Core, staff: &Staff, stops: impl Iterator<Item = &DayStop>) -> CoreResult<()> {
    let unrecorded = stops.filter(|stop| !stop.is_shown && stop.appointment_status == AppointmentStatus::Planned);
    let unrecorded: Vec<AppointmentId> = unrecorded.map(|stop| stop.appointment_id).collect();
    if unrecorded.is_empty() {
        return Ok(());
    }
    let mut tx = core.store.begin(staff).await?;
    tx.mark_stops_shown(&unrecorded).await?;
    tx.commit().await?;
    Ok(())
}

/// Records that the signed-in technician has seen changes: `shown` as in [`Changes::to_form`], on a page rendered at `shown_at`.
/// What has changed again since then stays unconfirmed.
///
/// # Errors
/// `not_found` if `shown` is not a list of changes.
pub async fn confirm(core: &Core, by: Permit<'_, PerformVisits>, shown: &str, shown_at: &str) -> CoreResult<()> {
    let now = core.clock.now();
    let shown_at: DateTime<Utc> = shown_at.parse().map_err(|_| CoreError::not_found())?;
    let mut confirmed = Vec::new();
    for item in shown.split(',').filter(|item| !item.is_empty()).take(MAX_CONFIRMED) {
        let (id, status) = item.split_once(':').ok_or_else(CoreError::not_found)?;
        let id: AppointmentId = id.parse().map_err(|_| CoreError::not_found())?;
        let status = AppointmentStatus::from_name(status).ok_or_else(CoreError::not_found)?;
        confirmed.push((id, status));
    }
    let mut tx = core.store.begin(by.staff()).await?;
    let count = tx.confirm_stops(&confirmed, shown_at.min(now)).await?;
    if count > 0 {
        tx.audit("day.changes_seen", by.staff().id(), json!({ "visits": count }));
    }
    finish(core, tx).await
}
