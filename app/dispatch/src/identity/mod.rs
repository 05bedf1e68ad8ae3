//! Sign-in, home and settings.

pub mod help;
pub mod organization;
pub mod passkeys;
pub mod password_reset;
pub mod security;
pub mod settings;
pub mod settings_pages;
pub mod sign_in;
pub mod team;
pub mod two_factor_policy;
