//! Releases of visit reports to the customer.

pub mod actions;
pub(crate) mod card;
