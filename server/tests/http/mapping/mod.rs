//! Mapping.

pub mod hard_cases;
pub mod review;
pub mod rows;
