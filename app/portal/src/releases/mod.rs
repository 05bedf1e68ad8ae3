//! Published visit reports.

pub mod reports;
