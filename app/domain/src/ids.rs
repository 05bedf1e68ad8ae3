//! Typed identifiers: a three-letter prefix for the kind, an underscore, and a UUIDv7 in lowercase Crockford base32.
//!
//! The text form contains no dot (Standard Webhooks signs `id.timestamp.body`) and is always 30 characters long, so it
//! can be validated without a lookup.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// Crockford base32 alphabet, without the easily confused `i`, `l`, `o` and `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 128 bits take 26 characters of five bits each; the first holds only three bits.
const ENCODED_CHARS: usize = 26;

/// Kind of object that an id identifies.
pub trait Kind: 'static {
    /// Prefix before the underscore, for example `tgt`.
    const PREFIX: &'static str;
}

/// A typed identifier; ids of different kinds are different types.
pub struct Id<K: Kind>(Uuid, PhantomData<fn() -> K>);

impl<K: Kind> Id<K> {
    /// Creates an id from a UUID.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// Returns the UUID as stored in the database.
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
        let mut characters = [0_u8; ENCODED_CHARS];
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

/// Error for a text that is not an id of the expected kind.
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
            .ok_or(InvalidId)?;
        decode(encoded).map(Self::from_uuid)
    }
}

/// Returns the UUID of an identifier of any kind, for texts that name objects of several kinds.
///
/// # Errors
/// The text is not an identifier.
pub fn uuid_of(text: &str) -> Result<Uuid, InvalidId> {
    decode(text.split_once('_').ok_or(InvalidId)?.1)
}

/// Reads the part after the prefix.
fn decode(encoded: &str) -> Result<Uuid, InvalidId> {
    if encoded.len() != ENCODED_CHARS {
        return Err(InvalidId);
    }
    let mut value: u128 = 0;
    for (index, byte) in encoded.bytes().enumerate() {
        let digit = ALPHABET
            .iter()
            .position(|&character| character == byte)
            .ok_or(InvalidId)? as u128;
        if index == 0 && digit > 7 {
            return Err(InvalidId);
        }
        value = (value << 5) | digit;
    }
    Ok(Uuid::from_u128(value))
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
    /// A location of a customer.
    LocationId, LocationKind, "loc";
    /// A contact of a customer.
    ContactId, ContactKind, "con";
    /// An import job.
    ImportJobId, ImportJobKind, "imp";
    /// One item of an import job.
    ImportItemId, ImportItemKind, "itm";
    /// A request.
    RequestId, RequestKind, "req";
    /// An appointment of a target.
    AppointmentId, AppointmentKind, "apt";
    /// A visit report.
    VisitReportId, VisitReportKind, "vrp";
    /// A portal release of a visit report.
    ReleaseId, ReleaseKind, "rel";
    /// A follow-up.
    FollowUpId, FollowUpKind, "fup";
    /// A billing trigger.
    BillingTriggerId, BillingTriggerKind, "btr";
    /// A webhook endpoint.
    WebhookEndpointId, WebhookEndpointKind, "wep";
    /// An event.
    EventId, EventKind, "evt";
    /// A delivery of an event to an endpoint.
    DeliveryId, DeliveryKind, "dlv";
    /// A delivery attempt.
    AttemptId, AttemptKind, "atm";
    /// A manually requested attempt.
    ReplayId, ReplayKind, "rpl";
    /// A recovery of held and failed deliveries.
    RecoveryId, RecoveryKind, "rcv";
    /// A signing secret of an endpoint.
    WebhookSecretId, WebhookSecretKind, "whs";
    /// A route suggestion.
    RouteSuggestionId, RouteSuggestionKind, "rsg";
    /// A visit step recorded on a mobile device.
    DayEntryId, DayEntryKind, "den";
    /// What a technician tells dispatch before a visit.
    VisitNoticeId, VisitNoticeKind, "vnt";
    /// An attachment.
    AttachmentId, AttachmentKind, "att";
    /// An integration client.
    ClientId, ClientKind, "cli";
    /// A source system.
    SourceSystemId, SourceSystemKind, "src";
    /// A staff account.
    StaffId, StaffKind, "stf";
    /// A portal account.
    PortalUserId, PortalUserKind, "ptl";
    /// A partner account.
    PartnerId, PartnerKind, "ptn";
    /// A timeline entry.
    TimelineId, TimelineKindMarker, "tml";
    /// A change proposed by a source system.
    ProposalId, ProposalKind, "prp";
    /// A portal grant.
    GrantId, GrantKind, "grt";
    /// A public form.
    FormId, FormKind, "frm";
    /// A terminal.
    TerminalId, TerminalKind, "trm";
    /// An internal note.
    NoteId, NoteKind, "nte";
    /// A message between dispatch and a requester.
    MessageId, MessageKind, "msg";
    /// An undo token for a decision.
    UndoId, UndoKind, "und";
    /// An email.
    MailId, MailKindMarker, "mal";
    /// A classification rule.
    RuleId, RuleKind, "rul";
    /// An absence of a technician.
    AbsenceId, AbsenceIdKind, "abs";
    /// A slot offer.
    OfferId, OfferKind, "off";
    /// A passkey of an account.
    PasskeyId, PasskeyKind, "psk";
    /// A call of an integration client in the request log.
    ApiCallId, ApiCallKind, "apc";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn id_text_form_round_trips(value: u128) {
            let id = TargetId::from_uuid(Uuid::from_u128(value));
            let text = id.to_string();
            prop_assert_eq!(text.len(), 30);
            prop_assert!(!text.contains('.'));
            prop_assert_eq!(text.parse::<TargetId>(), Ok(id));
            prop_assert_eq!(text.parse::<CustomerId>(), Err(InvalidId));
        }

        #[test]
        fn id_text_order_equals_id_order(left: u128, right: u128) {
            let (left, right) = (TargetId::from_uuid(Uuid::from_u128(left)), TargetId::from_uuid(Uuid::from_u128(right)));
            prop_assert_eq!(left.cmp(&right), left.to_string().cmp(&right.to_string()));
        }

        #[test]
        fn id_parse_arbitrary_text_never_panics(text in ".{0,40}") {
            let _ = text.parse::<TargetId>();
        }
    }

    #[test]
    fn id_parse_rejects_overflow_and_invalid_characters() {
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
