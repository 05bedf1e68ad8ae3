//! HTTP tests on both databases. They share one binary because linking the server takes ten seconds and half a
//! gigabyte.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests may panic")]
#![expect(
    clippy::disallowed_methods,
    reason = "tests send HTTP requests, create databases and use the system clock"
)]

mod api;
mod branding;
mod chaos;
mod classification;
mod customers;
mod drafts;
mod exports;
mod files;
mod identity;
mod imports;
mod intake;
mod integrations;
mod jobs;
mod language;
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
