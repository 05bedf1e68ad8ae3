//! The staff app for dispatchers, technicians and administrators. Pages are rendered on the server; the browser bundle
//! contains the islands only.
#![recursion_limit = "512"]

pub mod islands;

// Links the shared islands into the bundle, which contains no other reference to them.
#[cfg(feature = "hydrate")]
use passkey_button as _;
#[cfg(feature = "hydrate")]
use ui as _;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
mod audit;
#[cfg(feature = "ssr")]
mod billing;
#[cfg(feature = "ssr")]
mod branding;
#[cfg(feature = "ssr")]
mod classification;
#[cfg(feature = "ssr")]
mod customers;
#[cfg(feature = "ssr")]
mod drafts;
#[cfg(feature = "ssr")]
pub mod exports;
#[cfg(feature = "ssr")]
mod follow_ups;
#[cfg(feature = "ssr")]
mod gallery;
#[cfg(feature = "ssr")]
pub mod i18n;
#[cfg(feature = "ssr")]
mod identity;
#[cfg(feature = "ssr")]
mod imports;
#[cfg(feature = "ssr")]
mod installation;
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
mod portal_access;
#[cfg(feature = "ssr")]
mod releases;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
mod scheduling;
#[cfg(feature = "ssr")]
mod search;
#[cfg(feature = "ssr")]
mod shared;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
mod suggestions;
#[cfg(feature = "ssr")]
mod today;
#[cfg(feature = "ssr")]
mod visits;
#[cfg(feature = "ssr")]
mod webhooks;
