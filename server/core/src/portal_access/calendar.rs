//! Appointments for calendars: single files, and a feed under a secret URL. Grants are checked on every read, so revoked
//! access ends with the next refresh of the calendar.

use chrono::TimeDelta;
use domain::ids::AppointmentId;
use domain::public::CalendarEntry;
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::addresses;
use crate::commit::finish;
use crate::db::TenantTx;
use crate::identity::account::check_password;
use crate::identity::actors::{Actor, Contact};
use crate::intake::{generate_token, seal_token};
use crate::portal_access::store::appointments::CalendarAppointment;
use crate::secrets::{AssociatedData, hex, sha256};
use crate::{Core, CoreError, CoreResult};

/// How far back a calendar shows appointments.
const MAX_AGE: TimeDelta = TimeDelta::days(90);
const MAX_APPOINTMENTS: i64 = 500;

pub(crate) fn feed_context<'a>(tenant: Uuid, account: Uuid) -> AssociatedData<'a> {
    AssociatedData {
        tenant,
        kind: "portal_account.feed_token",
        row: account,
    }
}

/// Returns the calendar UID of a job: stable for the lifetime of the job, and a digest that does not reveal its ID. Its host
/// part is the ID of the organisation, which does not change with the public address (RFC 7986, 5.3).
pub(crate) fn uid(reader: &impl Actor, target: Uuid) -> String {
    let tenant = reader.tenant().uuid();
    let text = format!("calendar\n{tenant}\n{target}");
    let mut digest = hex(&sha256(text.as_bytes()));
    digest.truncate(32);
    format!("{digest}@{tenant}")
}

fn entry_of(core: &Core, contact: &Contact, found: CalendarAppointment) -> CalendarEntry {
    CalendarEntry {
        uid: uid(contact, found.target),
        sequence: found.sequence,
        changed_at: found.changed_at,
        url: addresses::portal_appointment(&core.settings, found.appointment.id),
        appointment: found.appointment,
    }
}

/// Returns upcoming appointments and those of the last 90 days.
pub async fn entries(core: &Core, contact: &Contact) -> CoreResult<Vec<CalendarEntry>> {
    let mut tx = core.store.read(contact).await?;
    let rows = tx
        .calendar_entries(core.clock.now() - MAX_AGE, MAX_APPOINTMENTS)
        .await?;
    Ok(rows.into_iter().map(|found| entry_of(core, contact, found)).collect())
}

/// Returns one appointment; a rescheduled one resolves to the latest of its job.
///
/// # Errors
/// `not_found`.
pub async fn entry(core: &Core, contact: &Contact, id: AppointmentId) -> CoreResult<CalendarEntry> {
    let found = core.store.read(contact).await?.calendar_entry(id).await?;
    let found = found.ok_or_else(CoreError::not_found)?;
    Ok(entry_of(core, contact, found))
}

/// Returns the URL of the user's calendar feed, if there is one.
pub(super) async fn load_feed(core: &Core, tx: &mut TenantTx<'_, Contact>) -> CoreResult<Option<String>> {
    let contact = tx.actor;
    // A view-as session must not reveal the user's secret URL.
    if contact.is_impersonated() {
        return Ok(None);
    }
    let Some(sealed) = tx.own_feed().await? else {
        return Ok(None);
    };
    let context = feed_context(contact.tenant().uuid(), contact.id().uuid());
    let bytes = core.keyring.unseal(&sealed, &context).map_err(CoreError::internal)?;
    Ok(String::from_utf8(bytes)
        .ok()
        .map(|token| addresses::calendar_feed(&core.settings, &token)))
}

/// Creates a new calendar feed URL; the old one stops working. The URL outlives the session, so it asks for the password.
///
/// # Errors
/// Field `current`.
pub async fn renew_feed(core: &Core, contact: &Contact, current: &SecretString) -> CoreResult<()> {
    check_password(core, contact, current).await?;
    let token = generate_token(core);
    let sealed = seal_token(
        core,
        &feed_context(contact.tenant().uuid(), contact.id().uuid()),
        &token,
    )?;
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_feed(Some(&sealed)).await?;
    tx.audit("portal.feed_renewed", contact.id(), json!({}));
    finish(core, tx).await
}

/// Turns the user's calendar feed off.
pub async fn revoke_feed(core: &Core, contact: &Contact) -> CoreResult<()> {
    let mut tx = core.store.begin(contact).await?;
    tx.set_own_feed(None).await?;
    tx.audit("portal.feed_ended", contact.id(), json!({}));
    finish(core, tx).await
}
