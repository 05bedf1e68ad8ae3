//! Requests.

pub mod calls;
pub mod client_requests;
pub mod inbox;
mod lateness;
pub mod slot_offers;
mod stale_decisions;
pub mod tracking;
