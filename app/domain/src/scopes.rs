//! OAuth scopes of integration clients. No scope implies another.

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident, $marker:ident = $text:literal, $meaning:literal;)*) => {
        /// A scope of an integration client.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Scope { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }
        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Returns the name used in tokens, settings and errors.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// Returns a description of what the scope allows.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning,)* } }
            /// Parses a name.
            pub fn from_name(name: &str) -> Option<Self> { match name { $($text => Some(Self::$variant),)* _ => None } }
        }
        /// One marker type per scope, so that a service can require a scope in its signature.
        pub mod markers { use super::{Scope, ScopeMarker}; $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;
            impl ScopeMarker for $marker { const SCOPE: Scope = Scope::$variant; }
        )* }
    };
}

/// A scope as a marker type.
pub trait ScopeMarker: 'static {
    /// The scope represented by the marker.
    const SCOPE: Scope;
}

scopes! {
    /// Import targets.
    TargetsWrite, TargetsWriteScope = "targets.write", "Import targets.";
    /// Map incoming records to existing customer records.
    CustomersMap, CustomersMapScope = "customers.map", "Map incoming records to existing customer records.";
    /// Create and update customers automatically; also requires `customers.map`.
    CustomersWrite, CustomersWriteScope = "customers.write", "Create and update customers automatically. Also requires customers.map.";
    /// View mapping details and results.
    CustomersRead, CustomersReadScope = "customers.read", "View mapping details and results.";
    /// View the client's own targets.
    TargetsRead, TargetsReadScope = "targets.read", "View the client's own targets.";
    /// View the client's own requests.
    RequestsRead, RequestsReadScope = "requests.read", "View the client's own requests.";
    /// Submit requests.
    RequestsWrite, RequestsWriteScope = "requests.write", "Submit requests.";
    /// Request route suggestions.
    RoutesSuggest, RoutesSuggestScope = "routes.suggest", "Request route suggestions.";
    /// View approved reports and follow-ups.
    ReportsRead, ReportsReadScope = "reports.read", "View approved reports and follow-ups.";
    /// View and acknowledge billing triggers.
    BillingRead, BillingReadScope = "billing.read", "View and acknowledge billing triggers.";
    /// View events.
    EventsRead, EventsReadScope = "events.read", "View events.";
    /// View webhook endpoints and deliveries.
    WebhooksRead, WebhooksReadScope = "webhooks.read", "View webhook endpoints and deliveries.";
    /// Manage webhook endpoints.
    WebhooksWrite, WebhooksWriteScope = "webhooks.write", "Manage webhook endpoints.";
}
