//! Builds events. What an event carries is visible to its receivers, so each part is named where the event is emitted.

use domain::events::EventType;
use domain::ids::{
    ContactId, ContactKind, CustomerId, CustomerKind, Id, LocationId, LocationKind, RequestKind, SourceSystemId,
    SourceSystemKind, TargetId, TargetKind, WebhookEndpointId, WebhookEndpointKind,
};
use serde_json::Value;

/// An event to insert.
#[derive(Debug, Clone)]
pub(crate) struct NewEvent {
    pub(super) kind: EventType,
    /// Events with the same key are delivered in order.
    pub(super) ordering_key: String,
    /// The source system that may read the event; `None` means the source system of the target.
    pub(super) source: Option<SourceSystemId>,
    pub(super) target: Option<TargetId>,
    pub(super) customer: Option<CustomerId>,
    pub(super) location: Option<LocationId>,
    pub(super) contact: Option<ContactId>,
    /// The endpoint that the event is about. A test event is sent only to this endpoint, other events only to the
    /// others.
    pub(super) endpoint: Option<WebhookEndpointId>,
    pub(super) details: Value,
}

impl NewEvent {
    /// Creates an event about a target. The source system of the target may read it.
    pub(crate) fn for_target(kind: EventType, target: impl Into<Id<TargetKind>>) -> Self {
        let target = target.into();
        Self {
            target: Some(target),
            ..Self::new(kind, target)
        }
    }

    /// Creates an event about a request.
    pub(crate) fn for_request(kind: EventType, request: impl Into<Id<RequestKind>>) -> Self {
        Self::new(kind, request.into())
    }

    /// Creates an event about a webhook endpoint of a source system.
    pub(crate) fn for_endpoint(
        kind: EventType,
        source: impl Into<Id<SourceSystemKind>>,
        endpoint: impl Into<Id<WebhookEndpointKind>>,
    ) -> Self {
        let endpoint = endpoint.into();
        Self {
            source: Some(source.into()),
            endpoint: Some(endpoint),
            ..Self::new(kind, endpoint)
        }
    }

    /// Creates an event about an object that only one source system can read, such as its import job.
    pub(crate) fn for_source(
        kind: EventType,
        source: impl Into<Id<SourceSystemKind>>,
        object: impl std::fmt::Display,
    ) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(kind, object)
        }
    }

    fn new(kind: EventType, ordering_key: impl std::fmt::Display) -> Self {
        Self {
            kind,
            ordering_key: ordering_key.to_string(),
            source: None,
            target: None,
            customer: None,
            location: None,
            contact: None,
            endpoint: None,
            details: Value::Null,
        }
    }

    /// Restricts the event to a source system.
    pub(crate) fn with_source(mut self, source: Option<impl Into<Id<SourceSystemKind>>>) -> Self {
        self.source = source.map(Into::into);
        self
    }

    pub(crate) fn with_target(mut self, target: Option<impl Into<Id<TargetKind>>>) -> Self {
        self.target = target.map(Into::into);
        self
    }

    pub(crate) fn with_customer(mut self, customer: Option<impl Into<Id<CustomerKind>>>) -> Self {
        self.customer = customer.map(Into::into);
        self
    }

    pub(crate) fn with_location(mut self, location: Option<impl Into<Id<LocationKind>>>) -> Self {
        self.location = location.map(Into::into);
        self
    }

    pub(crate) fn with_contact(mut self, contact: Option<impl Into<Id<ContactKind>>>) -> Self {
        self.contact = contact.map(Into::into);
        self
    }

    /// Sets the type-specific members of the body. Members that need a data option are nested under its name.
    pub(crate) fn with_details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}
