//! SQL statements of the `requests` module.

pub(crate) mod client_requests;
pub(crate) mod conversation;
mod hand_over;
pub(crate) mod inbox;
pub(crate) mod presence;
pub(crate) mod requests;
pub(crate) mod slot_offers;
pub(crate) mod tracking;
pub(crate) mod undo;
