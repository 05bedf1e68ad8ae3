//! Integration clients and the partner console.

pub mod batches;
pub mod partner_console;
mod stale_forms;
