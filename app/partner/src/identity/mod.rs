//! Sign-in and invitations.

pub mod invitation;
pub mod passkeys;
pub mod password_reset;
pub mod security;
pub mod sign_in;
