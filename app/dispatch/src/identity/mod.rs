//! Sign-in, home and settings.

pub mod settings;
pub mod sign_in;
