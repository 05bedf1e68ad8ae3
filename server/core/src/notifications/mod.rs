//! Emails to requesters. They are enqueued in the outbox in the transaction of the change and sent by a worker.

pub mod held;
pub mod model;
pub mod outbox;
pub mod reach;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use chrono::{DateTime, TimeDelta, Utc};
use domain::identity::permissions::ViewMails;
use domain::ids::{MailId, RequestId, TargetId, UndoId};
use domain::intake::mails::{MailData, MailKind, MailStatus};
use domain::locale::Locale;
use domain::requests::Channel;

use crate::branding;
use crate::db::TenantTx;
use crate::identity::actors::{MayNotify, Operator, Permit};
use crate::notifications::model::MailSummary;
use crate::notifications::store::NewMail;
pub(crate) use crate::notifications::store::{Notice, insert_notice};
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreError, CoreResult};

/// Maximum number of request receipts per recipient and hour. Public forms trigger receipts without authentication and
/// must not be usable to flood a mailbox. Emails about decisions of the staff are not limited.
const MAX_RECEIPTS_PER_HOUR: i64 = 5;

/// The event that an email is about.
#[derive(Debug, Clone)]
pub(crate) struct NotificationTrigger<'a> {
    pub kind: MailKind,
    /// A message from the staff.
    pub text: Option<&'a str>,
    pub windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub zone: Option<&'a str>,
    /// The undo entry of the decision. The email is delayed until the decision can no longer be undone.
    pub undo: Option<UndoId>,
}

impl<'a> NotificationTrigger<'a> {
    pub(crate) fn new(kind: MailKind) -> Self {
        Self {
            kind,
            text: None,
            windows: Vec::new(),
            zone: None,
            undo: None,
        }
    }

    pub(crate) fn with_text(kind: MailKind, text: &'a str) -> Self {
        Self {
            text: Some(text),
            ..Self::new(kind)
        }
    }

    pub(crate) fn with_windows(kind: MailKind, windows: Vec<(DateTime<Utc>, DateTime<Utc>)>, zone: &'a str) -> Self {
        Self {
            windows,
            zone: Some(zone),
            ..Self::new(kind)
        }
    }
}

/// Enqueues an email to the requester. Returns `false` if no email address is known.
pub(crate) async fn enqueue<A: MayNotify>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    request: RequestId,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<bool> {
    let Some(context) = tx.mail_context(request).await? else {
        return Ok(false);
    };
    let is_muted = trigger
        .kind
        .topic()
        .is_some_and(|topic| context.muted().contains(&topic));
    let requester = context.requester.map(|stored| stored.0).unwrap_or_default();
    let has_account = context.portal_email.is_some();
    let Some(recipient) = context.portal_email.or(requester.email) else {
        return Ok(false);
    };
    let locale = if has_account {
        let tag = context.portal_locale.unwrap_or(context.tenant_locale);
        Locale::from_tag(&tag).unwrap_or_default()
    } else {
        requester.locale
    };
    let data = MailData {
        tenant: context.tenant_name,
        // The address is not verified yet, so the receipt must not contain a name from the form.
        name: context
            .portal_name
            .or(requester.name.filter(|_| trigger.kind != MailKind::Received)),
        number: Some(context.number),
        service_type: Some(context.service_type),
        service: context
            .words
            .map(|words| words.0.service_type(context.service_type, locale)),
        text: trigger.text.map(str::to_owned),
        windows: trigger.windows,
        until: None,
        zone: trigger.zone.map(str::to_owned),
        page: None,
        contact: domain::branding::OrganisationContact::default(),
        colour: None,
    };
    let now = core.clock.now();
    let is_receipt = trigger.kind == MailKind::Received;
    let is_rate_limited =
        is_receipt && tx.count_receipts_since(&recipient, now - TimeDelta::hours(1)).await? >= MAX_RECEIPTS_PER_HOUR;
    tx.insert_mail(&NewMail {
        kind: trigger.kind,
        recipient: &recipient,
        locale,
        data: &data,
        request,
        undo: trigger.undo,
        status: if is_rate_limited || is_muted {
            MailStatus::Unsubscribed
        } else {
            MailStatus::Queued
        },
        not_before: if trigger.undo.is_some() {
            now + crate::requests::review::UNDO_WINDOW
        } else {
            now
        },
    })
    .await?;
    Ok(true)
}

/// Enqueues an email to the requester of a target's request. Requests from the API get none: the client informs its
/// user.
pub(crate) async fn enqueue_for_target<A: Operator + MayNotify>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    target: TargetId,
    trigger: NotificationTrigger<'_>,
) -> CoreResult<()> {
    if let Some((request, channel)) = tx.origin_of_target(target).await?
        && channel != Channel::Api
    {
        enqueue(core, tx, request, trigger).await?;
    }
    Ok(())
}

/// Returns a page of the outbox, newest first.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewMails>,
    before: Option<(DateTime<Utc>, MailId)>,
) -> CoreResult<Page<MailSummary>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(tx.mails(before, PAGE_SIZE + 1).await?, PAGE_SIZE))
}

/// Returns an email of the outbox.
pub async fn get(core: &Core, by: Permit<'_, ViewMails>, id: MailId) -> CoreResult<MailSummary> {
    let mut tx = core.store.read(by.staff()).await?;
    let mut mail = tx.mail(id).await?.ok_or_else(CoreError::not_found)?;
    if mail.kind.is_for_customers() {
        (mail.data.contact, mail.data.colour) = branding::contact_and_colour(&mut tx).await?;
    }
    Ok(mail)
}
