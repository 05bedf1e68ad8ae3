//! What mails to requesters and portal users tell. The data is frozen when a change is made; the words are put around it in the recipient's
//! language when the mail is sent or looked at.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::requests::ServiceType;

crate::stored_names! {
    /// The occasions of a mail. Whatever is not listed here sends none.
    MailKind {
        /// The request has arrived.
        Received = "received",
        /// Dispatch asks something.
        Question = "question",
        /// Dispatch tells something.
        Message = "message",
        /// The request will be done.
        Accepted = "accepted",
        /// The request will not be done.
        Rejected = "rejected",
        /// Two or three times to choose from.
        SlotsOffered = "slots_offered",
        /// An appointment was made.
        AppointmentFixed = "appointment_fixed",
        /// The appointment is at another time.
        AppointmentMoved = "appointment_moved",
        /// The appointment will not take place.
        AppointmentCancelled = "appointment_cancelled",
        /// Somebody is invited to the portal.
        PortalInvitation = "portal_invitation",
        /// A link that signs in to the portal.
        PortalSignIn = "portal_sign_in",
        /// A link that sets a new password.
        PortalPassword = "portal_password",
        /// A link that makes this address the account's.
        PortalEmail = "portal_email",
        /// The account's address is another one now; told to the address before.
        PortalEmailChanged = "portal_email_changed",
        /// The account has another password now.
        PortalPasswordChanged = "portal_password_changed",
        /// From now on a code is asked for when signing in.
        PortalSecondStepOn = "portal_second_step_on",
        /// No code is asked for any more.
        PortalSecondStepOff = "portal_second_step_off",
    }
}

crate::stored_names! {
    /// Where a mail stands.
    MailStatus {
        /// It will be sent, as soon as it is due and there is a way out.
        Waiting = "waiting",
        /// The server took it.
        Sent = "sent",
        /// Every try failed, or the server refuses it for good.
        Failed = "failed",
        /// It was taken back before it went out.
        Cancelled = "cancelled",
        /// The recipient wants no such mails, or got too many.
        Refused = "refused",
    }
}

impl MailKind {
    /// Whether the mail may be refused by the recipient: it tells how things go on. A question is part of a conversation
    /// that the recipient began.
    pub const fn can_be_refused(self) -> bool {
        !matches!(self, Self::Question | Self::Message) && !self.is_about_account()
    }

    /// Whether it is about an account of the portal and not about a request.
    pub const fn is_about_account(self) -> bool {
        matches!(
            self,
            Self::PortalInvitation
                | Self::PortalSignIn
                | Self::PortalPassword
                | Self::PortalEmail
                | Self::PortalEmailChanged
                | Self::PortalPasswordChanged
                | Self::PortalSecondStepOn
                | Self::PortalSecondStepOff
        )
    }
}

/// The frozen content of a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MailData {
    /// The organisation's name.
    pub tenant: String,
    /// The recipient's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The request's number, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_type: Option<ServiceType>,
    /// The same in the organisation's own words, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// What a person of the staff wrote: a question, a message, a reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// When: the appointment, or the times to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Until when the link of the mail works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// The IANA zone of these times.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}
