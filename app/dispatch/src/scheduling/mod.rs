//! The board and technicians.

pub mod board;
pub mod technician_actions;
pub mod technicians;
