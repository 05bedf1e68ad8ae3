//! Pages without an account: the front door, the documentation, public forms and the tracking page.
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
pub mod docs;
#[cfg(feature = "ssr")]
pub mod events;
#[cfg(feature = "ssr")]
pub mod front;
#[cfg(feature = "ssr")]
pub mod intake;
#[cfg(feature = "ssr")]
pub mod terminal;
#[cfg(feature = "ssr")]
pub mod track;
#[cfg(feature = "ssr")]
pub mod words;
