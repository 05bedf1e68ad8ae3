//! SQL statements of the `scheduling` module.

pub(crate) mod appointments;
pub(crate) mod board;
pub(crate) mod technicians;
