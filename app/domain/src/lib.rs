//! Domain types and rules of Ordinavo: ids, lifecycles, scopes, permissions, mapping rules, public status texts, portal
//! views and the wire types of the Connect API.
//!
//! The crate performs no I/O, reads no clock and draws no random numbers, so every rule can be table-tested and
//! compiled for the browser.

#![warn(missing_docs)]

pub mod branding;
pub mod conflicts;
pub mod customers;
pub mod day_entries;
pub mod events;
pub mod feature_gates;
pub mod fields;
pub mod follow_ups;
pub mod ids;
pub mod import_jobs;
pub mod import_results;
pub mod imports;
pub mod intake;
pub mod json;
pub mod lifecycle;
pub mod locale;
pub mod mapping;
pub mod permissions;
pub mod portal_access;
pub mod problems;
pub mod proposals;
pub mod public;
pub mod public_language;
pub mod requests;
pub mod roles;
pub mod scopes;
pub mod suggestions;
pub mod targets;
pub mod technicians;
pub mod terminology;
pub mod text;
pub mod tiles;
pub mod travel;
pub mod two_factor;
pub mod visit_reports;
pub mod webhooks;
pub mod windows;
