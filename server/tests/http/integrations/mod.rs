//! Clients and the partner console.

pub mod credentials;
pub mod partner_console;
