//! Database access for follow-ups.

pub(crate) mod client_follow_ups;
pub(crate) mod follow_ups;
