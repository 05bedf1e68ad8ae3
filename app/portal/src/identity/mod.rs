//! Sign-in, passkeys, two-factor authentication and the own account.

pub mod passkeys;
pub mod profile;
pub mod proof;
pub mod sign_in;
pub mod two_factor;
