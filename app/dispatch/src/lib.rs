//! The staff app: inbox, customers, my day, reports, imports, integrations, settings. Pages are rendered on the server;
//! the browser's bundle holds the islands.
#![recursion_limit = "512"]
#![allow(
    missing_docs,
    reason = "what a component shows stands above it; the fields that macros make of its properties cannot carry a comment"
)]

pub mod board_drag;
pub mod islands;
pub mod signature;

// Links the shared islands into the bundle, which nothing else in it refers to.
#[cfg(feature = "hydrate")]
use ui as _;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
mod pages;
#[cfg(feature = "ssr")]
mod shell;
#[cfg(feature = "ssr")]
pub mod words;
