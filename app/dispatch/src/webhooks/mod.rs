//! Webhook endpoints and deliveries.

pub mod actions;
pub mod deliveries;
pub mod endpoints;
pub mod payload;
