//! Requests: inbox, review and conversation.

pub mod actions;
pub mod call;
pub(crate) mod conversation;
pub(crate) mod customer_assignment;
pub(crate) mod decisions;
pub(crate) mod facts;
pub(crate) mod filters;
pub mod inbox;
pub(crate) mod list;
pub(crate) mod of_job;
pub(crate) mod page;
pub mod slot_offers;
pub mod source_changes;
