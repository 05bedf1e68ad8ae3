//! Mails to requesters: written into the outbox in the transaction of the change that they tell of, sent by the worker.

pub mod model;
pub mod outbox;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{MailId, RequestId, TargetId, UndoId};
use domain::intake::mails::{MailData, MailKind, MailStatus};
use domain::locale::Locale;
use domain::permissions::ViewMails;
use domain::requests::Channel;

use crate::db::TenantTx;
use crate::identity::actors::{Actor, Operator, Permit};
use crate::notifications::model::MailLine;
use crate::notifications::store::NewMail;
use crate::page::{PAGE_SIZE, Page};
use crate::{Core, CoreError, CoreResult};

/// How many mails that a request arrived one address gets in an hour: anybody can bring these about, and a form must not be a
/// way to flood somebody else's mailbox. What a person of the staff decides is always told.
const MOST_RECEIPTS_AN_HOUR: i64 = 5;

/// What a mail tells.
#[derive(Debug, Clone)]
pub(crate) struct Occasion<'a> {
    pub kind: MailKind,
    /// What a person of the staff wrote.
    pub text: Option<&'a str>,
    pub windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub zone: Option<&'a str>,
    /// The decision can be taken back; the mail waits as long.
    pub undo: Option<UndoId>,
}

impl<'a> Occasion<'a> {
    pub(crate) fn plain(kind: MailKind) -> Self {
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
            ..Self::plain(kind)
        }
    }

    pub(crate) fn at(kind: MailKind, windows: Vec<(DateTime<Utc>, DateTime<Utc>)>, zone: &'a str) -> Self {
        Self {
            windows,
            zone: Some(zone),
            ..Self::plain(kind)
        }
    }
}

/// Writes a mail to whoever submitted a request, if they can be reached by mail; the answer says whether one was written.
pub(crate) async fn write<A: Actor>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    request: RequestId,
    occasion: Occasion<'_>,
) -> CoreResult<bool> {
    let Some(context) = tx.mail_context(request).await? else {
        return Ok(false);
    };
    let typed = context.requester.map(|requester| requester.0).unwrap_or_default();
    let has_account = context.portal_email.is_some();
    let Some(recipient) = context.portal_email.or(typed.email) else {
        return Ok(false);
    };
    let locale = if has_account {
        let tag = context.portal_locale.unwrap_or(context.tenant_locale);
        Locale::from_tag(&tag).unwrap_or_default()
    } else {
        typed.locale
    };
    let data = MailData {
        tenant: context.tenant_name,
        // Whether the address is theirs, nobody knows yet: nothing that was typed is sent there unasked.
        name: context
            .portal_name
            .or(typed.name.filter(|_| occasion.kind != MailKind::Received)),
        number: Some(context.number),
        service_type: Some(context.service_type),
        service: context
            .words
            .map(|words| words.0.service_type(context.service_type, locale)),
        text: occasion.text.map(str::to_owned),
        windows: occasion.windows,
        until: None,
        zone: occasion.zone.map(str::to_owned),
    };
    let now = core.clock.now();
    let is_receipt = occasion.kind == MailKind::Received;
    let too_many =
        is_receipt && tx.receipts_since(&recipient, now - TimeDelta::hours(1)).await? >= MOST_RECEIPTS_AN_HOUR;
    let refused = occasion.kind.can_unsubscribe() && tx.refuses_mails(request).await?;
    tx.insert_mail(&NewMail {
        kind: occasion.kind,
        recipient: &recipient,
        locale,
        data: &data,
        request,
        undo: occasion.undo,
        status: if too_many || refused {
            MailStatus::Unsubscribed
        } else {
            MailStatus::Queued
        },
        not_before: if occasion.undo.is_some() {
            now + crate::requests::review::UNDO_WINDOW
        } else {
            now
        },
    })
    .await?;
    Ok(true)
}

/// Tells whoever asked for a job, if somebody did and is told by us.
pub(crate) async fn about_target<A: Operator>(
    core: &Core,
    tx: &mut TenantTx<'_, A>,
    target: TargetId,
    occasion: Occasion<'_>,
) -> CoreResult<()> {
    if let Some((request, channel)) = tx.origin_of_target(target).await?
        && channel != Channel::Api
    {
        write(core, tx, request, occasion).await?;
    }
    Ok(())
}

/// A page of the outbox, newest first.
///
/// # Errors
/// The database does not answer.
pub async fn list(
    core: &Core,
    by: Permit<'_, ViewMails>,
    before: Option<(DateTime<Utc>, MailId)>,
) -> CoreResult<Page<MailLine>> {
    let mut tx = core.store.read(by.staff()).await?;
    Ok(Page::from_rows(tx.mails(before, PAGE_SIZE + 1).await?, PAGE_SIZE))
}

/// One mail.
///
/// # Errors
/// `not_found`.
pub async fn get(core: &Core, by: Permit<'_, ViewMails>, id: MailId) -> CoreResult<MailLine> {
    core.store
        .read(by.staff())
        .await?
        .mail(id)
        .await?
        .ok_or_else(CoreError::not_found)
}
