//! Emails to requesters and portal users. The data is captured when the change is made; the text is rendered in the
//! recipient's language when the email is sent or displayed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::branding::{Color, OrganisationContact};
use crate::requests::ServiceType;

crate::stored_names! {
    /// Kind of an email.
    MailKind {
        /// Confirms that a request was received.
        Received = "received",
        /// Question from dispatch.
        Question = "question",
        /// Message from dispatch.
        Message = "message",
        /// The request was accepted.
        Accepted = "accepted",
        /// The request was rejected.
        Rejected = "rejected",
        /// Two or three appointment times are offered.
        SlotsOffered = "slots_offered",
        /// An appointment was scheduled.
        AppointmentScheduled = "appointment_fixed",
        /// The appointment was rescheduled.
        AppointmentMoved = "appointment_moved",
        /// The technician will be late for the appointment.
        AppointmentDelayed = "appointment_delayed",
        /// The appointment was cancelled.
        AppointmentCancelled = "appointment_cancelled",
        /// The request was cancelled by dispatch before it had an appointment.
        RequestCancelled = "request_cancelled",
        /// Invitation to the portal.
        PortalInvitation = "portal_invitation",
        /// Another portal user offers access to a person who has an account.
        PortalAccessOffered = "portal_access_offered",
        /// Sign-in link for the portal.
        PortalSignIn = "portal_sign_in",
        /// Link to set a new password.
        PortalPassword = "portal_password",
        /// Link to confirm a new email address.
        PortalEmail = "portal_email",
        /// Notifies the previous address that the email address was changed.
        PortalEmailChanged = "portal_email_changed",
        /// The password was changed.
        PortalPasswordChanged = "portal_password_changed",
        /// Many attempts to sign in to a staff account failed.
        StaffSignInFailures = "staff_sign_in_failures",
        /// Many attempts to sign in to a portal account failed.
        PortalSignInFailures = "portal_sign_in_failures",
        /// Many attempts to sign in to a partner account failed.
        PartnerSignInFailures = "partner_sign_in_failures",
        /// Two-factor authentication was turned on.
        PortalTwoFactorEnabled = "portal_second_step_on",
        /// Two-factor authentication was turned off.
        PortalTwoFactorDisabled = "portal_second_step_off",
        /// A passkey was added to a portal account.
        PortalPasskeyAdded = "portal_passkey_added",
        /// A passkey was added to a staff or partner account.
        AccountPasskeyAdded = "account_passkey_added",
        /// A passkey was removed from a portal account.
        PortalPasskeyRemoved = "portal_passkey_removed",
        /// A passkey was removed from a staff or partner account.
        AccountPasskeyRemoved = "account_passkey_removed",
        /// Invitation of a colleague, with a link that sets the first password.
        AccountInvitation = "account_invitation",
        /// Link to confirm a new email address of a staff or partner account.
        AccountEmail = "account_email",
        /// Notifies the previous address of a staff or partner account that it was changed.
        AccountEmailChanged = "account_email_changed",
        /// Link with which staff or partners set a new password.
        AccountPassword = "account_password",
        /// The password of a staff or partner account was changed.
        AccountPasswordChanged = "account_password_changed",
        /// Two-factor authentication of a staff or partner account was turned on.
        AccountTwoFactorEnabled = "account_two_factor_on",
        /// Two-factor authentication of a staff or partner account was turned off.
        AccountTwoFactorDisabled = "account_two_factor_off",
        /// Deliveries to a webhook endpoint fail.
        EndpointFailing = "endpoint_failing",
        /// A webhook endpoint was disabled because deliveries failed for days.
        EndpointDisabled = "endpoint_disabled",
        /// A webhook endpoint was disabled because its receiver asked for it.
        EndpointDisabledByReceiver = "endpoint_disabled_by_receiver",
        /// A webhook endpoint was disabled by a person or its client.
        EndpointDisabledByPerson = "endpoint_disabled_by_person",
    }
}

crate::stored_names! {
    /// What an email about a request is about. Portal users turn each off for themselves.
    MailTopic {
        /// The review of a request.
        News = "news",
        /// Questions and messages.
        Messages = "messages",
        /// Times to choose from.
        Offers = "offers",
        /// Appointments and cancellations.
        Appointments = "appointments",
    }
}

impl MailTopic {
    /// Returns whether the recipient misses something to do or a visit without the email.
    pub const fn is_transactional(self) -> bool {
        !matches!(self, Self::News)
    }
}

crate::stored_names! {
    /// Status of an email.
    MailStatus {
        /// Queued; sent when it is due and a mail server is configured.
        Queued = "waiting",
        /// Accepted by the mail server.
        Sent = "sent",
        /// All attempts failed, or the mail server rejected it permanently.
        Failed = "failed",
        /// Cancelled before it was sent.
        Cancelled = "cancelled",
        /// Not sent because the recipient unsubscribed or reached the limit.
        Unsubscribed = "refused",
    }
}

impl MailKind {
    /// Returns whether the recipient can unsubscribe: only from news about the review of a request. Conversations, offers and
    /// appointments need the recipient, and are never silenced with the news.
    pub const fn can_unsubscribe(self) -> bool {
        matches!(self, Self::Received | Self::Accepted | Self::Rejected)
    }

    /// Returns the topic of an email about a request.
    pub const fn topic(self) -> Option<MailTopic> {
        match self {
            Self::Received | Self::Accepted | Self::Rejected => Some(MailTopic::News),
            Self::Question | Self::Message => Some(MailTopic::Messages),
            Self::SlotsOffered => Some(MailTopic::Offers),
            Self::AppointmentScheduled
            | Self::AppointmentMoved
            | Self::AppointmentDelayed
            | Self::AppointmentCancelled
            | Self::RequestCancelled => Some(MailTopic::Appointments),
            _ => None,
        }
    }

    /// Returns whether the email is for customers; all others are for staff and partners.
    pub const fn is_for_customers(self) -> bool {
        !matches!(
            self,
            Self::StaffSignInFailures
                | Self::PartnerSignInFailures
                | Self::AccountPasskeyAdded
                | Self::AccountPasskeyRemoved
                | Self::AccountInvitation
                | Self::AccountEmail
                | Self::AccountEmailChanged
                | Self::AccountPassword
                | Self::AccountPasswordChanged
                | Self::AccountTwoFactorEnabled
                | Self::AccountTwoFactorDisabled
                | Self::EndpointFailing
                | Self::EndpointDisabled
                | Self::EndpointDisabledByReceiver
                | Self::EndpointDisabledByPerson
        )
    }

    /// Returns whether the email concerns an account or an integration rather than a request.
    pub const fn is_about_account(self) -> bool {
        matches!(
            self,
            Self::PortalInvitation
                | Self::PortalAccessOffered
                | Self::PortalSignIn
                | Self::PortalPassword
                | Self::PortalEmail
                | Self::PortalEmailChanged
                | Self::PortalPasswordChanged
                | Self::StaffSignInFailures
                | Self::PortalSignInFailures
                | Self::PartnerSignInFailures
                | Self::PortalTwoFactorEnabled
                | Self::PortalTwoFactorDisabled
                | Self::PortalPasskeyAdded
                | Self::AccountPasskeyAdded
                | Self::PortalPasskeyRemoved
                | Self::AccountPasskeyRemoved
                | Self::AccountInvitation
                | Self::AccountEmail
                | Self::AccountEmailChanged
                | Self::AccountPassword
                | Self::AccountPasswordChanged
                | Self::AccountTwoFactorEnabled
                | Self::AccountTwoFactorDisabled
        ) || self.is_about_endpoint()
    }

    /// Returns whether the email tells administrators and partners of the state of a webhook endpoint.
    pub const fn is_about_endpoint(self) -> bool {
        matches!(
            self,
            Self::EndpointFailing
                | Self::EndpointDisabled
                | Self::EndpointDisabledByReceiver
                | Self::EndpointDisabledByPerson
        )
    }
}

/// The longest name in a greeting.
const MAX_GREETING_CHARS: usize = 60;

/// Returns a name as a greeting may show it; `None` for an address or a text that is no name. The inviting person types
/// the name, and mail programs turn addresses into links.
#[must_use]
pub fn greeting_name(name: &str) -> Option<&str> {
    let name = name.trim();
    let has_domain = name
        .split('.')
        .skip(1)
        .any(|rest| rest.starts_with(|first: char| first.is_alphanumeric()));
    let is_name = !name.is_empty()
        && name.chars().count() <= MAX_GREETING_CHARS
        && !has_domain
        && !name.contains("://")
        && !name.contains('@')
        && !name.chars().any(char::is_control);
    is_name.then_some(name)
}

/// Captured content of an email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailData {
    /// Name of the organization.
    pub tenant: String,
    /// Name of the recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Number of the related request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// Requested service type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<ServiceType>,
    /// Service type in the tenant's own terminology, if overridden.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Text written by staff: a question, message or reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Time of the appointment, or the offered times.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Expiry of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// IANA time zone of these times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Path of the page that the email leads to, if that is not the request, the link or the portal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// How customers reach the organization. Not captured: it is the current one whenever the email is rendered.
    #[serde(skip)]
    pub contact: OrganisationContact,
    /// The color of the organization, as [`contact`](Self::contact).
    #[serde(skip)]
    pub colour: Option<Color>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn can_unsubscribe_from_news_only() {
        let can: Vec<&str> = MailKind::ALL
            .iter()
            .filter(|kind| kind.can_unsubscribe())
            .map(|kind| kind.name())
            .collect();
        assert_eq!(can, ["received", "accepted", "rejected"]);
    }

    #[test]
    fn every_email_about_a_request_has_a_topic() {
        for kind in MailKind::ALL {
            assert_eq!(kind.topic().is_some(), !kind.is_about_account(), "{kind:?}");
            assert!(
                !kind.can_unsubscribe() || kind.topic() == Some(MailTopic::News),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn greeting_name_with_address_or_sentence_returns_none() {
        for (name, is_shown) in [
            ("Petra Kern", true),
            ("Dr. Petra Kern-Özdemir", true),
            ("J. R. Smith Jr.", true),
            ("مريم الأحمد", true),
            ("", false),
            ("Petra, pay at evil.example", false),
            ("https://evil", false),
            ("petra@evil", false),
            (
                "Your account is closed unless you call the number below today, Petra",
                false,
            ),
        ] {
            assert_eq!(greeting_name(name).is_some(), is_shown, "{name}");
        }
    }
}
