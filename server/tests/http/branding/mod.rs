//! Branding of the portal.

pub mod portal;
