//! Emails.

pub mod held;
pub mod mails;
