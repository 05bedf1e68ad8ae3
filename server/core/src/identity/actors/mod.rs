//! Actors on whose behalf use cases run. Only [`crate::identity::authentication`] creates them, from a session, a key or a
//! job row: their fields are private to this slice.

mod api_client;
mod author;
mod capabilities;
mod contact;
mod partner;
mod staff;
mod system;
mod visitors;

use uuid::Uuid;

pub use self::api_client::{ApiClient, ClientPermit};
pub use self::author::{Author, FormOwner};
pub use self::capabilities::{
    Administrator, DeliveryReader, FileUploader, Inviter, MayAnnotate, MayClassify, MayNotify, Operator, Submitter,
};
pub(crate) use self::capabilities::{ImportReader, SourceScoped};
pub use self::contact::{Branding, Contact};
pub use self::partner::Partner;
pub use self::staff::{Permit, Staff};
pub use self::system::System;
pub use self::visitors::{FormVisitor, Terminal, TrackingRequester};

/// The tenant that a row belongs to. It always comes from an actor, never from request input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TenantId(Uuid);

impl TenantId {
    pub(crate) const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub(crate) const fn uuid(self) -> Uuid {
        self.0
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Staff {}
    impl Sealed for super::Contact {}
    impl Sealed for super::ApiClient {}
    impl Sealed for super::Partner {}
    impl Sealed for super::System {}
    impl Sealed for super::FormVisitor {}
    impl Sealed for super::TrackingRequester {}
    impl Sealed for super::Terminal {}
    impl Sealed for super::FormOwner {}
}

/// An actor within one tenant.
pub trait Actor: sealed::Sealed + Send + Sync {
    fn tenant(&self) -> TenantId;
    /// Returns the actor's name in the audit log and the internal timeline: kind and ID, never a person's name.
    fn label(&self) -> String;
    /// Returns false for a read-only session.
    fn may_write(&self) -> bool {
        true
    }
}
