//! Requests.

pub mod calls;
pub mod client_requests;
pub mod inbox;
pub mod slot_offers;
pub mod tracking;
