//! The email worker: claims emails with a lease, sends them without a transaction and records the results. If a worker
//! dies, the next one sends the email again with the same message ID, so that mail servers can detect the duplicate.

use chrono::TimeDelta;
use domain::branding::Color;
use domain::ids::RequestId;
use domain::intake::mails::{MailData, MailKind, MailStatus};
use domain::locale::Locale;
use uuid::Uuid;

use crate::addresses;
use crate::db::purpose::{MailQueue, Purge};
use crate::identity::{Realm, password_links};
use crate::intake::open_token;
use crate::notifications::store::queue::ClaimedMail;
use crate::portal_access::links;
use crate::{Core, CoreResult, Settings};

/// Maximum number of emails in one claim.
const CLAIM_BATCH: i64 = 8;
const CLAIM_LEASE: TimeDelta = TimeDelta::minutes(15);
/// Delays after failed attempts. After the last one, the email has failed.
const RETRY_DELAYS: [TimeDelta; 7] = [
    TimeDelta::minutes(1),
    TimeDelta::minutes(5),
    TimeDelta::minutes(15),
    TimeDelta::hours(1),
    TimeDelta::hours(3),
    TimeDelta::hours(8),
    TimeDelta::hours(24),
];
/// Retention period of finished emails.
const RETENTION: TimeDelta = TimeDelta::days(90);

/// A claimed email to send.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    pub kind: MailKind,
    pub recipient: String,
    pub locale: Locale,
    /// Values for the template.
    pub data: MailData,
    /// The page of the request, or the single-use link of an account.
    pub link: String,
    /// URL for one-click unsubscription; `None` if the recipient cannot unsubscribe.
    pub unsubscribe_link: Option<String>,
    /// The same for every attempt.
    pub message_id: String,
    claimed: ClaimedMail,
    claim: Uuid,
}

impl OutgoingMail {
    /// Returns the span of an attempt to send the email.
    pub fn span(&self) -> tracing::Span {
        tracing::error_span!("job", worker = "emails", tenant = %self.claimed.tenant_id, job = %self.claimed.id)
    }
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The mail server accepted the email.
    Sent,
    /// A temporary error.
    Retry(String),
    /// A permanent error.
    Rejected(String),
}

/// Claims due emails.
pub async fn claim(core: &Core) -> CoreResult<Vec<OutgoingMail>> {
    let claim = core.randomness.uuid_v7(core.clock.now());
    let mut tx = core.store.begin_system::<MailQueue>().await?;
    let claimed = tx
        .claim_mails(claim, core.clock.now() + CLAIM_LEASE, CLAIM_BATCH)
        .await?;
    let mut outgoing = Vec::with_capacity(claimed.len());
    for mail in claimed {
        if mail.link_is_void {
            // The link was used, has expired or was replaced by a newer email.
            tx.record_mail_result(&mail, claim, MailStatus::Cancelled, None, core.clock.now())
                .await?;
            continue;
        }
        match open_link(core, &mail) {
            Ok(link) => outgoing.push(build_mail(&core.settings, mail, claim, link)),
            // An email that cannot be built must not block the others.
            Err(_) => {
                let error = Some("the link cannot be decrypted with the configured keys");
                tx.record_mail_result(&mail, claim, MailStatus::Failed, error, core.clock.now())
                    .await?;
            }
        }
    }
    tx.commit().await?;
    Ok(outgoing)
}

/// Gives back claimed emails that were not attempted.
pub async fn release(core: &Core, mails: &[OutgoingMail]) -> CoreResult<()> {
    let mut tx = core.store.begin_system::<MailQueue>().await?;
    for mail in mails {
        tx.release_mail(&mail.claimed, mail.claim).await?;
    }
    Ok(tx.commit().await?)
}

/// The link in an email.
enum Link {
    /// A single-use link of an account or a page of an app, as a complete URL.
    Account(String),
    /// A request, with the token of its tracking page if it has one.
    Request(RequestId, Option<String>),
    /// The home page of an app.
    Home(Realm),
}

fn open_link(core: &Core, mail: &ClaimedMail) -> CoreResult<Link> {
    if let (Some(link), Some(sealed)) = (mail.link_id, mail.link_token.as_deref()) {
        let Some(realm) = mail.link_realm.as_deref() else {
            let token = links::unseal_token(core, mail.tenant_id, link, sealed)?;
            return Ok(Link::Account(addresses::account_link(&core.settings, &token)));
        };
        let realm = if realm == "partner" {
            Realm::Partner
        } else {
            Realm::Staff
        };
        let token = password_links::unseal_token(core, mail.tenant_id, link, sealed)?;
        let settings = &core.settings;
        return Ok(Link::Account(if mail.kind == MailKind::AccountEmail {
            addresses::email_link(settings, realm, &token)
        } else {
            addresses::password_link(settings, realm, &token)
        }));
    }
    if let Some(page) = &mail.data.0.page {
        return Ok(Link::Account(format!("{}{page}", core.settings.public_url)));
    }
    let Some(request) = mail.request_id else {
        return Ok(Link::Home(match mail.kind {
            MailKind::StaffSignInFailures => Realm::Staff,
            MailKind::PartnerSignInFailures => Realm::Partner,
            _ => Realm::Portal,
        }));
    };
    let token = mail
        .tracking_token
        .as_deref()
        .map(|sealed| open_token(core, mail.tenant_id, request, sealed))
        .transpose()?;
    Ok(Link::Request(domain::ids::Id::from_uuid(request), token))
}

fn build_mail(settings: &Settings, mail: ClaimedMail, claim: Uuid, link: Link) -> OutgoingMail {
    let (link, tracking) = match link {
        Link::Account(address) => (address, None),
        Link::Home(realm) => (addresses::home(settings, realm), None),
        Link::Request(request, _) if mail.is_read_in_portal => (addresses::portal_request(settings, request), None),
        Link::Request(_, Some(token)) => {
            let tracking = addresses::tracking(settings, &token);
            (tracking.clone(), Some(tracking))
        }
        Link::Request(_, None) => (settings.public_url.clone(), None),
    };
    let mut data = mail.data.0.clone();
    if mail.kind.is_for_customers() {
        data.contact = mail.contact.clone().into();
        data.colour = mail.colour.as_deref().and_then(Color::read);
    }
    OutgoingMail {
        kind: mail.kind,
        recipient: mail.recipient.clone(),
        locale: Locale::from_tag(&mail.locale).unwrap_or_default(),
        data,
        link,
        unsubscribe_link: tracking
            .filter(|_| mail.kind.can_unsubscribe())
            .map(|tracking| format!("{tracking}/no-mails")),
        message_id: mail.id.to_string(),
        claimed: mail,
        claim,
    }
}

/// Records the result of an attempt.
///
/// # Errors
/// The database is unavailable. The claim then expires, and the email is sent again.
pub async fn record(core: &Core, mail: &OutgoingMail, outcome: &Outcome) -> CoreResult<()> {
    let now = core.clock.now();
    let attempts = usize::try_from(mail.claimed.attempts).unwrap_or(usize::MAX);
    let (status, error, next) = match outcome {
        Outcome::Sent => (MailStatus::Sent, None, now),
        Outcome::Rejected(error) => (MailStatus::Failed, Some(error.as_str()), now),
        Outcome::Retry(error) => match RETRY_DELAYS.get(attempts.saturating_sub(1)) {
            Some(delay) => (MailStatus::Queued, Some(error.as_str()), now + *delay),
            None => (MailStatus::Failed, Some(error.as_str()), now),
        },
    };
    let error = error.map(|text| text.chars().take(500).collect::<String>());
    let mut tx = core.store.begin_system::<MailQueue>().await?;
    tx.record_mail_result(&mail.claimed, mail.claim, status, error.as_deref(), next)
        .await?;
    Ok(tx.commit().await?)
}

/// Deletes emails and links after the retention period, and expired undo entries. Returns the number of deleted emails.
pub async fn purge_old(core: &Core) -> CoreResult<u64> {
    let now = core.clock.now();
    let mut tx = core.store.begin_system::<Purge>().await?;
    let purged = tx.purge_mails(now - RETENTION).await?;
    tx.purge_undo(now - TimeDelta::hours(1)).await?;
    tx.purge_links(now - RETENTION).await?;
    tx.purge_password_links(now - RETENTION).await?;
    tx.commit().await?;
    Ok(purged)
}
