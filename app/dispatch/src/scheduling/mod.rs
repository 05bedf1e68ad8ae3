//! Scheduling: the board and the technicians.

pub mod board;
pub(crate) mod occurrence;
pub mod technician_actions;
pub mod technicians;
