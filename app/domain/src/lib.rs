//! The vocabulary and the rules of Ordinavo: ids, newtypes, lifecycles, scopes, permissions, mapping rules, the public
//! status language, the views a portal user may see and the wire types of the Connect API.
//!
//! Nothing in here does input or output, reads a clock or draws a random number, so every rule can be tested as a
//! table and compiled for the browser.

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
pub mod portal_look;
pub mod problems;
pub mod proposals;
pub mod public;
pub mod public_language;
pub mod public_words;
pub mod requests;
pub mod roles;
pub mod scopes;
pub mod second_factor;
pub mod suggestions;
pub mod targets;
pub mod technicians;
pub mod text;
pub mod tiles;
pub mod travel;
pub mod visit_reports;
pub mod webhooks;
pub mod windows;
