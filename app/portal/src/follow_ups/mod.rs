//! Follow-ups and other work in progress.

pub mod open_work;
