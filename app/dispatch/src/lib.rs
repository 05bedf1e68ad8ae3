//! The staff app: inbox, customers, my day, reports, imports, integrations, settings. Pages are rendered on the server;
//! the browser's bundle holds the islands.
#![recursion_limit = "512"]
#![allow(
    missing_docs,
    reason = "what a component shows stands above it; the fields that macros make of its properties cannot carry a comment"
)]

pub mod islands;

// Links the shared islands into the bundle, which nothing else in it refers to.
#[cfg(feature = "hydrate")]
use ui as _;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
mod billing;
#[cfg(feature = "ssr")]
mod branding;
#[cfg(feature = "ssr")]
mod classification;
#[cfg(feature = "ssr")]
mod customers;
#[cfg(feature = "ssr")]
mod follow_ups;
#[cfg(feature = "ssr")]
mod identity;
#[cfg(feature = "ssr")]
mod imports;
#[cfg(feature = "ssr")]
mod intake;
#[cfg(feature = "ssr")]
mod integrations;
#[cfg(feature = "ssr")]
mod jobs;
#[cfg(feature = "ssr")]
mod mapping;
#[cfg(feature = "ssr")]
mod notifications;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod portal_access;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
mod scheduling;
#[cfg(feature = "ssr")]
mod shared;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod suggestions;
#[cfg(feature = "ssr")]
mod visits;
#[cfg(feature = "ssr")]
mod webhooks;
#[cfg(feature = "ssr")]
pub mod words;
