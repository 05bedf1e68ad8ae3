//! Operating an installation.

pub mod aborted_loads;
pub mod audit_log;
pub mod backup;
pub mod claims;
pub mod commands;
pub mod compose;
pub mod connections;
pub mod crash;
pub mod doctor;
pub mod documentation;
pub mod flood;
pub mod full_disk;
pub mod key_rotation;
pub mod logs;
pub mod lost_parts;
pub mod monitoring;
pub mod packaging;
pub mod proxy;
pub mod readiness;
pub mod silent_files;
pub mod tls;
