//! Sign-in, passkeys, two-factor authentication and the own account.

pub mod notifications;
pub mod passkeys;
pub mod profile;
pub mod proof;
pub mod sign_in;
pub mod two_factor;
