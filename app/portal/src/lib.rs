//! The customer portal: home, requests, appointments, reports and history. Independent of the staff app.
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
mod drafts;
#[cfg(feature = "ssr")]
mod follow_ups;
#[cfg(feature = "ssr")]
pub mod i18n;
#[cfg(feature = "ssr")]
mod identity;
#[cfg(feature = "ssr")]
mod parts;
#[cfg(feature = "ssr")]
mod portal_access;
#[cfg(feature = "ssr")]
mod releases;
#[cfg(feature = "ssr")]
mod requests;
#[cfg(feature = "ssr")]
mod scheduling;
#[cfg(feature = "ssr")]
mod shared;
#[cfg(feature = "ssr")]
mod shell;
