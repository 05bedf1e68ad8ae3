//! The scopes of integration clients. No scope implies another.

use serde::{Deserialize, Serialize};

macro_rules! scopes {
    ($($(#[$doc:meta])* $variant:ident, $marker:ident = $text:literal, $meaning:literal;)*) => {
        /// What an integration client may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
        pub enum Scope { $($(#[$doc])* #[serde(rename = $text)] $variant,)* }
        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The name in tokens, settings and errors.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $text,)* } }
            /// What it allows, in a sentence.
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning,)* } }
            /// Reads a name.
            pub fn from_name(name: &str) -> Option<Self> { match name { $($text => Some(Self::$variant),)* _ => None } }
        }
        /// One type for each scope, so that a use case can ask for it in its signature.
        pub mod markers { use super::{Scope, ScopeMarker}; $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $marker;
            impl ScopeMarker for $marker { const SCOPE: Scope = Scope::$variant; }
        )* }
    };
}

/// A scope as a type.
pub trait ScopeMarker: 'static {
    /// The scope that it stands for.
    const SCOPE: Scope;
}

scopes! {
    /// Import targets.
    TargetsWrite, TargetsWriteScope = "targets.write", "Import targets.";
    /// Link incoming records to existing customer records.
    CustomersMap, CustomersMapScope = "customers.map", "Link incoming records to existing customer records.";
    /// Create and update customers automatically; needs `customers.map` too.
    CustomersWrite, CustomersWriteScope = "customers.write", "Create and update customers automatically; needs customers.map too.";
    /// Receive mapping objects and results.
    CustomersRead, CustomersReadScope = "customers.read", "Receive mapping objects and results.";
    /// Read own targets.
    TargetsRead, TargetsReadScope = "targets.read", "Read own targets.";
    /// Read own requests.
    RequestsRead, RequestsReadScope = "requests.read", "Read own requests.";
    /// Submit requests.
    RequestsWrite, RequestsWriteScope = "requests.write", "Submit requests.";
    /// Ask for route suggestions.
    RoutesSuggest, RoutesSuggestScope = "routes.suggest", "Ask for route suggestions.";
    /// Read approved reports and follow-ups.
    ReportsRead, ReportsReadScope = "reports.read", "Read approved reports and follow-ups.";
    /// Read and acknowledge billing triggers.
    BillingRead, BillingReadScope = "billing.read", "Read and acknowledge billing triggers.";
    /// Read events.
    EventsRead, EventsReadScope = "events.read", "Read events.";
    /// See webhook endpoints and deliveries.
    WebhooksRead, WebhooksReadScope = "webhooks.read", "See webhook endpoints and deliveries.";
    /// Manage webhook endpoints.
    WebhooksWrite, WebhooksWriteScope = "webhooks.write", "Manage webhook endpoints.";
}
