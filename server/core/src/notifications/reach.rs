//! How the requester of a request is told about it. Every sentence that says so is computed from this: pages, forms and their
//! messages never claim more than what happens.

use chrono::{DateTime, Utc};
use domain::ids::{MailId, RequestId};
use domain::intake::mails::MailTopic;
use domain::requests::Channel;

use crate::db::TenantTx;
use crate::identity::actors::Staff;
use crate::{Core, CoreResult};

/// How the requester of a request is told about it.
#[derive(Debug, Clone)]
pub struct Reach {
    pub channel: Channel,
    pub email: EmailReach,
    /// The topics that the portal user has turned off.
    pub muted: Vec<MailTopic>,
    /// The name of the portal user who reads it in the portal.
    pub portal_user: Option<String>,
    /// Whether the requester has the address of the tracking page.
    pub has_tracking_page: bool,
    /// For a request of a partner's system: its key, and whether it has an endpoint for webhooks.
    pub source: Option<SourceReach>,
    /// The latest email about the request, if it could not be delivered.
    pub failed: Option<FailedMail>,
}

/// Whether emails reach the requester.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmailReach {
    /// Emails are sent to this address.
    Sent(String),
    /// No mail server is configured; emails to this address wait.
    NoServer(String),
    /// No address is known.
    NoAddress,
}

/// The system that a request or job came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceReach {
    pub key: String,
    pub has_endpoint: bool,
}

/// An email that could not be delivered.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FailedMail {
    #[sqlx(try_from = "crate::db::Key<domain::ids::MailKindMarker>")]
    pub id: MailId,
    pub recipient: String,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
}

impl Reach {
    /// Returns the address to which an email about a topic is sent; `None` if none is sent.
    pub fn address_for(&self, topic: MailTopic) -> Option<&str> {
        match &self.email {
            EmailReach::Sent(address) if !self.muted.contains(&topic) => Some(address),
            _ => None,
        }
    }

    /// Returns whether the requester learns about a topic without looking.
    pub fn is_told(&self, topic: MailTopic) -> bool {
        match &self.source {
            Some(source) if !self.channel.notifies_requester() => source.has_endpoint,
            _ => self.address_for(topic).is_some(),
        }
    }
}

/// Returns how the requester of a request is told about it.
pub(crate) async fn of_request(
    core: &Core,
    tx: &mut TenantTx<'_, Staff>,
    request: RequestId,
    channel: Channel,
) -> CoreResult<Option<Reach>> {
    let Some(context) = tx.mail_context(request).await? else {
        return Ok(None);
    };
    let source = match tx.source_of_request(request).await? {
        Some(key) => Some(of_source(tx, &key).await?),
        None => None,
    };
    // A person who was only invited reads the tracking page until then.
    let portal_user = context.portal_name.clone().filter(|_| context.is_active);
    let muted = context.muted();
    let requester = context.requester.map(|stored| stored.0).unwrap_or_default();
    let address = context.portal_email.or(requester.email);
    let email = match address {
        Some(address) if core.sends_mail() => EmailReach::Sent(address),
        Some(address) => EmailReach::NoServer(address),
        None => EmailReach::NoAddress,
    };
    // The page of the form or terminal shows the address; a caller learns it by email only.
    let is_shown = matches!(channel, Channel::WebForm | Channel::Terminal);
    let is_emailed = channel == Channel::Staff && matches!(email, EmailReach::Sent(_));
    Ok(Some(Reach {
        channel,
        has_tracking_page: portal_user.is_none() && (is_shown || is_emailed),
        email,
        muted,
        portal_user,
        source,
        failed: tx.latest_failed_mail(request).await?,
    }))
}

/// Returns whether the system that a job came from is told about it.
pub(crate) async fn of_source(tx: &mut TenantTx<'_, Staff>, key: &str) -> CoreResult<SourceReach> {
    Ok(SourceReach {
        key: key.to_owned(),
        has_endpoint: tx.has_endpoint(key).await?,
    })
}
