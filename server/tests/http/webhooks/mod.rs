//! Webhooks.

pub mod crash;
pub mod deliveries;
pub mod endpoints;
mod health_mails;
