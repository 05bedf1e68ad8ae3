//! Database access for targets and change proposals.

pub(crate) mod change_proposals;
pub(crate) mod client_targets;
pub(crate) mod of_customer;
pub(crate) mod targets;
