//! Emails.

pub mod held;
pub mod mails;
mod reach;
