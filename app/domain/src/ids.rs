//! Identifiers: a prefix that names the kind, an underscore, and a UUIDv7 in lower-case Crockford base32.
//!
//! The text form never contains a dot (Standard Webhooks signs `id.timestamp.body`) and is always 30 characters long
//! behind a three-letter prefix, so it can be checked without a look-up.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Crockford's alphabet: no `i`, `l`, `o` or `u`, so that an id can be read aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits need 26 characters of five bits; the first one holds only three.
const ENCODED_LENGTH: usize = 26;

/// What an id identifies; each kind has its own prefix and therefore its own type.
pub trait Kind: 'static {
    /// The prefix in front of the underscore, for example `tgt`.
    const PREFIX: &'static str;
}

/// A typed identifier. Ids of two kinds cannot be mixed up at compile time.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    /// Wraps a UUID that a store or an id source made.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The UUID as the database keeps it.
    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl<K: Kind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: Kind> Copy for Id<K> {}
impl<K: Kind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: Kind> Eq for Id<K> {}
impl<K: Kind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Kind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: Kind> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(K::PREFIX)?;
        formatter.write_str("_")?;
        let mut rest = self.0.as_u128();
        let mut characters = [0_u8; ENCODED_LENGTH];
        for slot in characters.iter_mut().rev() {
            *slot = ALPHABET[(rest & 31) as usize];
            rest >>= 5;
        }
        formatter.write_str(std::str::from_utf8(&characters).map_err(|_| fmt::Error)?)
    }
}
impl<K: Kind> From<Uuid> for Id<K> {
    fn from(uuid: Uuid) -> Self {
        Self::from_uuid(uuid)
    }
}

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidId;

impl fmt::Display for InvalidId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("not an identifier of this kind")
    }
}
impl std::error::Error for InvalidId {}

impl<K: Kind> FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let encoded = text
            .strip_prefix(K::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .filter(|encoded| encoded.len() == ENCODED_LENGTH)
            .ok_or(InvalidId)?;
        let mut value: u128 = 0;
        for (index, byte) in encoded.bytes().enumerate() {
            let digit = ALPHABET.iter().position(|&letter| letter == byte).ok_or(InvalidId)? as u128;
            if index == 0 && digit > 7 {
                return Err(InvalidId);
            }
            value = (value << 5) | digit;
        }
        Ok(Self::from_uuid(Uuid::from_u128(value)))
    }
}

impl<K: Kind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
impl<'de, K: Kind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
impl<K: Kind> utoipa::PartialSchema for Id<K> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .pattern(Some(format!("^{}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$", K::PREFIX)))
            .into()
    }
}
impl<K: Kind> utoipa::ToSchema for Id<K> {
    fn name() -> std::borrow::Cow<'static, str> {
        std::borrow::Cow::Owned(format!("{}Id", K::PREFIX))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $id:ident, $kind:ident, $prefix:literal;)*) => {$(
        #[doc = concat!("Marks ids with the prefix `", $prefix, "`.")]
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $id = Id<$kind>;
    )*};
}

kinds! {
    /// An operational job.
    TargetId, TargetKind, "tgt";
    /// A customer record.
    CustomerId, CustomerKind, "cus";
    /// A place that belongs to a customer.
    LocationId, LocationKind, "loc";
    /// A person at a customer.
    ContactId, ContactKind, "con";
    /// An import job.
    ImportJobId, ImportJobKind, "imp";
    /// One item of an import job.
    ImportItemId, ImportItemKind, "itm";
    /// A request from outside.
    RequestId, RequestKind, "req";
    /// An agreed date and window of a target.
    AppointmentId, AppointmentKind, "apt";
    /// A visit report.
    VisitReportId, VisitReportKind, "vrp";
    /// A published revision of a report for the portal.
    ReleaseId, ReleaseKind, "rel";
    /// Work still needed after a visit.
    FollowUpId, FollowUpKind, "fup";
    /// The signal that a report may be relevant for billing.
    BillingTriggerId, BillingTriggerKind, "btr";
    /// A webhook endpoint.
    WebhookEndpointId, WebhookEndpointKind, "wep";
    /// An event.
    EventId, EventKind, "evt";
    /// The delivery of one event to one endpoint.
    DeliveryId, DeliveryKind, "dlv";
    /// One try at a delivery.
    AttemptId, AttemptKind, "atm";
    /// An attempt that somebody asked for.
    ReplayId, ReplayKind, "rpl";
    /// Held and failed deliveries that are made after all.
    RecoveryId, RecoveryKind, "rcv";
    /// A secret of an endpoint.
    WebhookSecretId, WebhookSecretKind, "whs";
    /// A proposed plan.
    RouteSuggestionId, RouteSuggestionKind, "rsg";
    /// What a phone has sent of a technician's day.
    DayEntryId, DayEntryKind, "den";
    /// A file.
    AttachmentId, AttachmentKind, "att";
    /// An integration client.
    ClientId, ClientKind, "cli";
    /// A source system.
    SourceSystemId, SourceSystemKind, "src";
    /// A staff account.
    StaffId, StaffKind, "stf";
    /// A portal account.
    PortalUserId, PortalUserKind, "ptl";
    /// A partner's account.
    PartnerId, PartnerKind, "ptn";
    /// A line of the timeline.
    TimelineId, TimelineKindMarker, "tml";
    /// A change that a source proposes.
    ProposalId, ProposalKind, "prp";
    /// A portal grant.
    GrantId, GrantKind, "grt";
    /// A public form.
    FormId, FormKind, "frm";
    /// A device on site.
    TerminalId, TerminalKind, "trm";
    /// A note of the team.
    NoteId, NoteKind, "nte";
    /// A message between dispatch and a requester.
    MessageId, MessageKind, "msg";
    /// What takes a decision back.
    UndoId, UndoKind, "und";
    /// A mail.
    MailId, MailKindMarker, "mal";
    /// A rule that classifies requests.
    RuleId, RuleKind, "rul";
    /// Days on which a technician is not there.
    AbsenceId, AbsenceIdKind, "abs";
    /// Times that a requester can choose from.
    OfferId, OfferKind, "off";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_form_round_trips(value: u128) {
            let id = TargetId::from_uuid(Uuid::from_u128(value));
            let text = id.to_string();
            prop_assert_eq!(text.len(), 30);
            prop_assert!(!text.contains('.'));
            prop_assert_eq!(text.parse::<TargetId>(), Ok(id));
            prop_assert_eq!(text.parse::<CustomerId>(), Err(InvalidId));
        }

        #[test]
        fn text_order_is_id_order(left: u128, right: u128) {
            let (left, right) = (TargetId::from_uuid(Uuid::from_u128(left)), TargetId::from_uuid(Uuid::from_u128(right)));
            prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,40}") {
            let _ = text.parse::<TargetId>();
        }
    }

    #[test]
    fn overlong_values_and_wrong_letters_are_refused() {
        for text in [
            "tgt_8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "tgt_0000000000000000000000000i",
            "tgt_",
            "tgt",
            "TGT_00000000000000000000000000",
        ] {
            assert_eq!(text.parse::<TargetId>(), Err(InvalidId), "{text}");
        }
    }
}
