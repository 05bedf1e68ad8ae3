//! Branding of the customer portal.

pub mod page;
