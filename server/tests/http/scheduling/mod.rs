//! Board, technicians and travel times.

pub mod board;
mod proposals;
pub mod technicians;
pub mod travel_times;
