//! Classification rules.

pub mod rules;
