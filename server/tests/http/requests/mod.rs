//! Requests.

pub mod calls;
pub mod client_requests;
pub mod inbox;
mod lateness;
pub mod slot_offers;
pub mod tracking;
