//! Integration clients and the partner console.

pub mod batches;
mod credentials;
pub mod partner_console;
mod sandbox;
mod stale_forms;
