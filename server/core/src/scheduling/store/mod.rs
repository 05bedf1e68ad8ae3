//! scheduling::store

pub(crate) mod appointments;
pub(crate) mod board;
pub(crate) mod technicians;
