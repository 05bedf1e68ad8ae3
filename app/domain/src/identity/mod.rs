//! Staff roles with their permissions, and two-factor authentication.

pub mod permissions;
pub mod roles;
pub mod two_factor;
