//! Mapping.

mod agreement;
pub mod hard_cases;
mod queue;
pub mod review;
pub mod rows;
