//! Webhooks.

pub mod crash;
pub mod deliveries;
pub mod endpoints;
