//! Jobs, which the API calls targets, and the changes that source systems propose for them.

pub mod change_proposals;
pub mod filter;
pub mod sandbox;
pub mod steps;
pub mod targets;
