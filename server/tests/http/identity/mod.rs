//! Sign-in and two-factor authentication.

pub mod access;
pub mod sign_in;
pub mod two_factor;
