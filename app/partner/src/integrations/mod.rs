//! Home: the state of the integration.

pub mod home;
pub mod requests;
