//! What the mail worker does: claim with a lease, send without a transaction, record. A worker that dies in between leaves
//! the mail to the next one; the message id stays the same, so that a mailbox can recognise the repetition.

use chrono::TimeDelta;
use domain::ids::RequestId;
use domain::intake::mails::{MailData, MailKind, MailStatus};
use domain::locale::Locale;
use uuid::Uuid;

use crate::intake::open_token;
use crate::notifications::store::ClaimedMail;
use crate::portal_access::links;
use crate::{Core, CoreResult, Settings};

/// How many mails one turn claims.
const BATCH: i64 = 8;
/// How long a claim holds.
const LEASE: TimeDelta = TimeDelta::minutes(15);
/// Pauses after each failed try; after the last one the mail has failed.
const PAUSES: [TimeDelta; 7] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(3),
    TimeDelta::hours(8),
    TimeDelta::hours(24),
];
/// How long a mail that waits for nothing is kept.
const KEPT: TimeDelta = TimeDelta::days(90);

/// A mail to send.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What it tells.
    pub kind: MailKind,
    /// To whom.
    pub recipient: String,
    /// In which language.
    pub locale: Locale,
    /// What the words are made of.
    pub data: MailData,
    /// Where the request can be followed, or what an account's mail is for.
    pub link: String,
    /// Where such mails are refused with one click, if they can be.
    pub refuse_link: Option<String>,
    /// The same at every try.
    pub message_id: String,
    claimed: ClaimedMail,
    claim: Uuid,
}

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Sent,
    /// Not now.
    TryAgain(String),
    /// Never.
    Refused(String),
}

/// Claims what is due.
///
/// # Errors
/// The database does not answer.
pub async fn claim(core: &Core) -> CoreResult<Vec<Outgoing>> {
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system().await?;
    let claimed = tx.claim_mails(claim, core.clock.now() + LEASE, BATCH).await?;
    let mut outgoing = Vec::with_capacity(claimed.len());
    for mail in claimed {
        if mail.link_is_void {
            // There is a newer mail with a newer link, or the link is no longer needed.
            tx.record_mail(&mail, claim, MailStatus::Cancelled, None, core.clock.now())
                .await?;
            continue;
        }
        match link_of(core, &mail) {
            Ok(link) => outgoing.push(put_together(&core.settings, mail, claim, link)),
            // One mail that cannot be put together must not hold the others.
            Err(_) => {
                let why = Some("its link cannot be opened with the keys that are there");
                tx.record_mail(&mail, claim, MailStatus::Failed, why, core.clock.now())
                    .await?;
            }
        }
    }
    tx.commit().await?;
    Ok(outgoing)
}

/// Where a mail leads to, and how it is refused.
enum Link {
    /// A page of an account, complete.
    Account(String),
    /// A request; the token of its tracking page if it has one.
    Request(RequestId, Option<String>),
    /// Nowhere in particular.
    Portal,
}

fn link_of(core: &Core, mail: &ClaimedMail) -> CoreResult<Link> {
    if let (Some(link), Some(closed)) = (mail.link_id, mail.link_token.as_deref()) {
        let token = links::unseal_token(core, mail.tenant_id, link, closed)?;
        return Ok(Link::Account(links::url(core, &token)));
    }
    let Some(request) = mail.request_id else {
        return Ok(Link::Portal);
    };
    let token = mail
        .tracking_token
        .as_deref()
        .map(|closed| open_token(core, mail.tenant_id, request, closed))
        .transpose()?;
    Ok(Link::Request(domain::ids::Id::from_uuid(request), token))
}

fn put_together(settings: &Settings, mail: ClaimedMail, claim: Uuid, link: Link) -> Outgoing {
    let (base, portal) = (&settings.public_url, &settings.portal_url);
    let (link, tracking) = match link {
        Link::Account(address) => (address, None),
        Link::Portal => (format!("{portal}/portal"), None),
        Link::Request(request, _) if mail.portal_account_id.is_some() => {
            (format!("{portal}/portal/requests/{request}"), None)
        }
        Link::Request(_, Some(token)) => {
            let tracking = format!("{base}/track/{token}");
            (tracking.clone(), Some(tracking))
        }
        Link::Request(_, None) => (base.clone(), None),
    };
    Outgoing {
        kind: mail.kind,
        recipient: mail.recipient.clone(),
        locale: Locale::from_tag(&mail.locale).unwrap_or_default(),
        data: mail.data.0.clone(),
        link,
        refuse_link: tracking
            .filter(|_| mail.kind.can_unsubscribe())
            .map(|tracking| format!("{tracking}/no-mails")),
        message_id: mail.id.to_string(),
        claimed: mail,
        claim,
    }
}

/// Records what became of a mail.
///
/// # Errors
/// The database does not answer; the claim runs out, and the mail is tried again.
pub async fn record(core: &Core, mail: &Outgoing, outcome: &Outcome) -> CoreResult<()> {
    let now = core.clock.now();
    let tries = usize::try_from(mail.claimed.attempts).unwrap_or(usize::MAX);
    let (status, error, next) = match outcome {
        Outcome::Sent => (MailStatus::Sent, None, now),
        Outcome::Refused(error) => (MailStatus::Failed, Some(error.as_str()), now),
        Outcome::TryAgain(error) => match PAUSES.get(tries.saturating_sub(1)) {
            Some(pause) => (MailStatus::Queued, Some(error.as_str()), now + *pause),
            None => (MailStatus::Failed, Some(error.as_str()), now),
        },
    };
    let error = error.map(|text| text.chars().take(500).collect::<String>());
    let mut tx = core.store.begin_system().await?;
    tx.record_mail(&mail.claimed, mail.claim, status, error.as_deref(), next)
        .await?;
    Ok(tx.commit().await?)
}

/// Removes mails that have served their time, and what can no longer be taken back.
///
/// # Errors
/// The database does not answer.
pub async fn purge_old(core: &Core) -> CoreResult<u64> {
    let now = core.clock.now();
    let mut tx = core.store.begin_system().await?;
    let count = tx.purge_mails(now - KEPT).await?;
    tx.purge_undo(now - TimeDelta::hours(1)).await?;
    tx.purge_links(now - KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
