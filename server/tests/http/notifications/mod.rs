//! Emails.

pub mod mails;
