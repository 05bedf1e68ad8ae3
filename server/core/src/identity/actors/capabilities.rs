//! What kinds of actors may do, as marker traits: a statement names the one that it requires.

use domain::ids::SourceSystemId;

use crate::identity::actors::{
    Actor, ApiClient, Contact, FormVisitor, Partner, Staff, System, Terminal, TrackingRequester,
};

/// An actor that may read operational records. Portal users are not operators, so operational statements are not
/// available to them.
pub trait Operator: MayAnnotate + DeliveryReader {}
impl Operator for Staff {}
impl Operator for ApiClient {}
impl Operator for System {}

/// An actor that may read webhook deliveries: of endpoints that its use case has found for it.
pub trait DeliveryReader: Actor {}
impl DeliveryReader for Staff {}
impl DeliveryReader for ApiClient {}
impl DeliveryReader for System {}
impl DeliveryReader for Partner {}

/// An actor that may configure a tenant: its staff, subject to their permissions, and the system.
pub trait Administrator: Operator + MayClassify + MayNotify {}
impl Administrator for Staff {}
impl Administrator for System {}

/// An actor that may read the items of import jobs that it can access.
pub(crate) trait ImportReader: Actor {}
impl ImportReader for Staff {}
impl ImportReader for ApiClient {}
impl ImportReader for Partner {}

/// An actor restricted to the records of one source system: an integration client or a partner user.
pub(crate) trait SourceScoped: Actor {
    fn source_system(&self) -> SourceSystemId;
}
impl SourceScoped for ApiClient {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}
impl SourceScoped for Partner {
    fn source_system(&self) -> SourceSystemId {
        self.source_system
    }
}

/// An actor that submits requests with the common statement. Portal users and integration clients have their own
/// statements, which join the grant or the source system.
pub trait Submitter: FileUploader + MayAnnotate + MayClassify + MayNotify {}
impl Submitter for Staff {}
impl Submitter for FormVisitor {}
impl Submitter for Terminal {}

/// An actor that may upload files with its own requests.
pub trait FileUploader: Actor {}
impl FileUploader for Staff {}
impl FileUploader for FormVisitor {}
impl FileUploader for Terminal {}
impl FileUploader for Contact {}
impl FileUploader for TrackingRequester {}

/// An actor that may invite people to the portal: staff with the permission, and portal users within their own grants.
pub trait Inviter: Actor {
    /// How many people the actor may invite in a day.
    const INVITATIONS_PER_DAY: i64;
    /// After how many invitations in a day the next ones wait until an administrator has looked at them.
    const INVITATIONS_BEFORE_REVIEW: i64;
}
impl Inviter for Staff {
    const INVITATIONS_PER_DAY: i64 = 200;
    const INVITATIONS_BEFORE_REVIEW: i64 = Self::INVITATIONS_PER_DAY;
}
impl Inviter for Contact {
    const INVITATIONS_PER_DAY: i64 = 20;
    const INVITATIONS_BEFORE_REVIEW: i64 = 5;
}

/// An actor whose changes appear in the timelines of customers, jobs and requests.
pub trait MayAnnotate: Actor {}
impl MayAnnotate for Staff {}
impl MayAnnotate for ApiClient {}
impl MayAnnotate for System {}
impl MayAnnotate for Contact {}
impl MayAnnotate for FormVisitor {}
impl MayAnnotate for TrackingRequester {}
impl MayAnnotate for Terminal {}

/// An actor whose changes send mails about a request to its requester.
pub trait MayNotify: Actor {}
impl MayNotify for Staff {}
impl MayNotify for System {}
impl MayNotify for ApiClient {}
impl MayNotify for Contact {}
impl MayNotify for FormVisitor {}
impl MayNotify for Terminal {}

/// An actor on whose requests the classification rules run. The results are for staff; external senders never see them.
pub trait MayClassify: Actor {}
impl MayClassify for Staff {}
impl MayClassify for System {}
impl MayClassify for ApiClient {}
impl MayClassify for Contact {}
impl MayClassify for FormVisitor {}
impl MayClassify for Terminal {}
