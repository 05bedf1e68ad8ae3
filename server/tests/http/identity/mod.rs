//! Sign-in.

pub mod sign_in;
pub mod two_factor;
