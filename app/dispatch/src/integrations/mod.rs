//! Integration clients and source systems.

pub mod clients;
pub mod page;
pub mod sources;
