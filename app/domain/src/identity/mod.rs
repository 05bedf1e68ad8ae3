//! Staff roles with their permissions, passkeys, and two-factor authentication.

pub mod passkeys;
pub mod permissions;
pub mod roles;
pub mod two_factor;
