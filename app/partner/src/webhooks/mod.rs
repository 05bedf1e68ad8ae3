//! Webhook endpoints of the source system and their deliveries, to read.

pub mod deliveries;
pub mod endpoints;
