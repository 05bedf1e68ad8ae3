//! Sign-in, passkeys and two-factor authentication.

pub mod access;
mod account_deletion;
pub mod anonymous;
pub mod organization;
pub mod own_account;
pub mod passkeys;
pub mod password_links;
mod setup;
pub mod sign_in;
pub mod staff_two_factor;
mod team;
pub mod throttle;
pub mod two_factor;
