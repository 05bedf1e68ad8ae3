//! Domain types and rules of Ordinavo: ids, lifecycles, scopes, permissions, mapping rules, public status texts, portal
//! views and the wire types of the Connect API.
//!
//! The crate performs no I/O, reads no clock and draws no random numbers, so every rule can be table-tested and
//! compiled for the browser.

#![warn(missing_docs)]

pub mod audit;
pub mod branding;
pub mod coordinates;
pub mod customers;
pub mod dates;
pub mod drafts;
pub mod events;
pub mod feature_gates;
pub mod fields;
pub mod files;
pub mod follow_ups;
pub mod identity;
pub mod ids;
pub mod imports;
pub mod intake;
pub mod integrations;
pub mod jobs;
pub mod json;
pub mod lateness;
pub mod lifecycle;
pub mod locale;
pub mod mapping;
pub mod network;
pub mod portal_access;
pub mod problems;
pub mod public;
pub mod public_language;
pub mod requests;
pub mod scheduling;
pub mod scopes;
pub mod search;
pub mod slug;
pub mod story;
pub mod suggestions;
pub mod terminology;
pub mod text;
pub mod visits;
pub mod webhooks;
pub mod zones;
