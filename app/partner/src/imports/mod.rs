//! Import jobs and dry runs.

pub mod dry_run;
pub mod jobs;
