//! Held emails: those that were due for more than a day before the first attempt, such as all emails from the time before a
//! mail server was configured, and the invitations of a portal user to many addresses. An administrator sends or drops them.

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::{ManageMails, ViewMails};
use domain::ids::MailId;

use crate::db::purpose::Administration;
use crate::identity::actors::{Actor as _, Permit};
use crate::notifications::store;
use crate::{Core, CoreError, CoreResult};

/// How long an email may be due before the first attempt.
pub(crate) const HELD_AFTER: TimeDelta = TimeDelta::days(1);

/// The held emails of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldMails {
    pub count: i64,
    /// When the oldest was due.
    pub oldest: Option<DateTime<Utc>>,
}

/// What happens to held emails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldDecision {
    Send,
    Drop,
}

impl HeldDecision {
    const fn action(self) -> &'static str {
        match self {
            Self::Send => "mail.released",
            Self::Drop => "mail.dropped",
        }
    }
}

/// Counts the held emails.
pub async fn count(core: &Core, by: Permit<'_, ViewMails>) -> CoreResult<HeldMails> {
    let mut tx = core.store.read(by.staff()).await?;
    let (tenant, now) = (tx.tenant_id(), tx.now);
    let (count, oldest) = store::queue::count_held(&mut tx.tx, tenant, now).await?;
    Ok(HeldMails { count, oldest })
}

/// Sends or drops the held emails, all or one, and returns their number.
///
/// # Errors
/// `not_found` for an email that is not held.
pub async fn decide(
    core: &Core,
    by: Permit<'_, ManageMails>,
    decision: HeldDecision,
    id: Option<MailId>,
) -> CoreResult<u64> {
    let mut tx = core.store.begin(by.staff()).await?;
    let (tenant, now) = (by.staff().tenant(), tx.now);
    let count = store::queue::decide_held(&mut tx.tx, tenant, now, decision, id).await?;
    if count == 0 {
        return Err(CoreError::not_found());
    }
    let subject = id.map_or_else(|| "all".to_owned(), |id| id.to_string());
    tx.audit(decision.action(), subject, serde_json::json!({ "count": count }));
    tx.commit().await?;
    Ok(count)
}

/// Returns the held emails of each tenant by slug, for the command line.
pub async fn count_all(core: &Core) -> CoreResult<Vec<(String, HeldMails)>> {
    let mut tx = core.store.read_system().await?;
    let now = tx.now;
    let mut found = Vec::new();
    for (tenant, slug) in crate::audit::tenant_slugs(&mut tx.tx).await? {
        let (count, oldest) = store::queue::count_held(&mut tx.tx, tenant, now).await?;
        found.push((slug, HeldMails { count, oldest }));
    }
    Ok(found)
}

/// Sends or drops all held emails of a tenant, from the command line.
///
/// # Errors
/// `not_found` for an unknown tenant.
pub async fn decide_all(core: &Core, slug: &str, decision: HeldDecision) -> CoreResult<u64> {
    let mut tx = core.store.begin_system::<Administration>().await?;
    let tenant = tx.tenant_by_slug(slug).await?.ok_or_else(CoreError::not_found)?;
    let now = tx.now;
    let count = store::queue::decide_held(&mut tx.tx, tenant, now, decision, None).await?;
    if count > 0 {
        tx.audit(tenant, "operator", decision.action(), "all").await?;
    }
    tx.commit().await?;
    Ok(count)
}
