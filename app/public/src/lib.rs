//! Pages without an account: start page, documentation, public forms and tracking page.
#![recursion_limit = "512"]

pub mod islands;

// Links the shared islands into the bundle, which contains no other reference to them.
#[cfg(feature = "hydrate")]
use ui as _;

#[cfg(feature = "ssr")]
pub mod docs;
#[cfg(feature = "ssr")]
pub mod events;
#[cfg(feature = "ssr")]
pub mod front;
#[cfg(feature = "ssr")]
pub mod i18n;
#[cfg(feature = "ssr")]
pub mod identity;
#[cfg(feature = "ssr")]
pub mod intake;
#[cfg(feature = "ssr")]
pub mod requests;
