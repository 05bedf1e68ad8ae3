//! Sign-in and invitations.

pub mod invitation;
pub mod password_reset;
pub mod security;
pub mod sign_in;
