//! Board, technicians and travel times.

pub mod board;
pub mod roads;
pub mod technicians;
