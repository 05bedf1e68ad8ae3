//! Sign-in, home and settings.

pub mod password_reset;
pub mod settings;
pub mod sign_in;
