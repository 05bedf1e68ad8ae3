//! Sign-in and invitations.

pub mod invitation;
pub mod sign_in;
