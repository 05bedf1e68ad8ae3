//! The outbox of emails.

pub mod page;
