//! Appointments for calendars: each one as a file, and all of them under a secret address that can be subscribed to. The
//! grants are asked at every reading, so what was revoked is gone with the next one.

use chrono::TimeDelta;
use domain::ids::AppointmentId;
use domain::problems::Problem;
use domain::public::CalendarEntry;
use serde_json::json;
use uuid::Uuid;

use crate::commit::finish;
use crate::identity::actors::{Actor as _, Contact};
use crate::intake::{close_token, fresh_token};
use crate::secrets::{Place, fingerprint, hex};
use crate::{Core, CoreError, CoreResult};

/// How far back a calendar reaches.
const REACHES_BACK: TimeDelta = TimeDelta::days(90);
/// How many appointments a calendar has at most.
const MOST: i64 = 500;

pub(crate) fn place<'a>(tenant: Uuid, account: Uuid) -> Place<'a> {
    Place {
        tenant,
        kind: "portal_account.feed_token",
        row: account,
    }
}

/// The same for a job as long as it lives, and nothing that leads back to it.
fn uid(core: &Core, contact: &Contact, target: Uuid) -> String {
    let text = format!("calendar\n{}\n{target}", contact.tenant().uuid());
    let mut digest = hex(&fingerprint(text.as_bytes()));
    digest.truncate(32);
    let host = core.settings.public_url.split("://").last().unwrap_or_default();
    format!("{digest}@{}", host.split([':', '/']).next().unwrap_or_default())
}

/// Appointments to come and of the last months.
///
/// # Errors
/// The database does not answer.
pub async fn entries(core: &Core, contact: &Contact) -> CoreResult<Vec<CalendarEntry>> {
    let mut tx = core.store.read(contact).await?;
    let rows = tx.calendar_entries(core.clock.now() - REACHES_BACK, MOST).await?;
    Ok(rows
        .into_iter()
        .map(|(target, sequence, appointment)| CalendarEntry {
            uid: uid(core, contact, target),
            sequence,
            appointment,
        })
        .collect())
}

/// One appointment.
///
/// # Errors
/// `not_found`, also for one that has moved: the one that it moved to tells of it.
pub async fn entry(core: &Core, contact: &Contact, id: AppointmentId) -> CoreResult<CalendarEntry> {
    let found = core.store.read(contact).await?.calendar_entry(id).await?;
    let (target, sequence, appointment) = found.ok_or_else(CoreError::not_found)?;
    Ok(CalendarEntry {
        uid: uid(core, contact, target),
        sequence,
        appointment,
    })
}

fn address(core: &Core, token: &str) -> String {
    format!("{}/portal/feed/{token}", core.settings.portal_url)
}

/// The address of the own calendar, if it has one.
///
/// # Errors
/// The database does not answer.
pub async fn feed(core: &Core, contact: &Contact) -> CoreResult<Option<String>> {
    // Who looks through somebody's eyes does not get their key.
    if contact.is_looked_at() {
        return Ok(None);
    }
    let Some(closed) = core.store.read(contact).await?.own_feed().await? else {
        return Ok(None);
    };
    let place = place(contact.tenant().uuid(), contact.id().uuid());
    let bytes = core
        .keyring
        .open_value(&closed, &place)
        .map_err(|error| CoreError::new(Problem::InternalError, error.to_string()))?;
    Ok(String::from_utf8(bytes).ok().map(|token| address(core, &token)))
}

/// Gives the own calendar a new address; the one before ends at once.
///
/// # Errors
/// The database does not answer.
pub async fn renew_feed(core: &Core, contact: &Contact) -> CoreResult<()> {
    let token = fresh_token(core);
    let closed = close_token(core, &place(contact.tenant().uuid(), contact.id().uuid()), &token)?;
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_feed(Some(&closed)).await?;
    tx.audit("portal.feed_renewed", contact.id(), json!({}));
    finish(core, tx).await
}

/// Turns the own calendar's address off.
///
/// # Errors
/// The database does not answer.
pub async fn end_feed(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_feed(None).await?;
    tx.audit("portal.feed_ended", contact.id(), json!({}));
    finish(core, tx).await
}
