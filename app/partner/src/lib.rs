//! The partner console: import results of one source system. Read-only except for dry runs. It has no browser bundle of its
//! own: the islands of accounts are in that of the portal.
#![recursion_limit = "512"]
#![cfg(feature = "ssr")]

pub mod app;
mod drafts;
pub mod i18n;
mod identity;
mod imports;
mod integrations;
mod shared;
mod shell;
mod webhooks;
