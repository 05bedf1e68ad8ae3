//! Webhooks: signature, address guard and the body of a delivery.

pub mod body;
pub mod guard;
pub mod signature;
