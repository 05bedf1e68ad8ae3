//! Everything over real HTTP, on both databases. One program for all of it: each one would link the whole server again,
//! half a gigabyte and ten seconds at a time.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test may fail loudly")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests call the server like anybody else, make databases and look at the clock"
)]

mod api;
mod branding;
mod classification;
mod customers;
mod files;
mod identity;
mod imports;
mod intake;
mod integrations;
mod mapping;
mod notifications;
mod operations;
mod permissions;
mod portal_access;
mod releases;
mod requests;
mod scheduling;
mod suggestions;
mod support;
mod visits;
mod webhooks;
