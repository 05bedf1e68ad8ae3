//! The customer portal: home, requests, appointments, reports and history. Independent of the staff app.
#![recursion_limit = "512"]

pub mod islands;

// Links the shared islands into the bundle, which contains no other reference to them.
#[cfg(feature = "hydrate")]
use ui as _;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod i18n;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod shell;
