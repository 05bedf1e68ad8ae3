//! Branding of the portal.

pub mod page;
