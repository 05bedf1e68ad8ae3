//! Imports.

pub mod planned_jobs;
