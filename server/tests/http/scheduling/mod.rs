//! Board, technicians and travel times.

pub mod board;
pub mod technicians;
pub mod travel_times;
