//! Statements for the audit log and the timeline.

pub(crate) mod chains;
pub(crate) mod log;
pub(crate) mod timeline;
