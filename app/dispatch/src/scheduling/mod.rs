//! Scheduling: the board and the technicians.

pub mod board;
pub mod technician_actions;
pub mod technicians;
