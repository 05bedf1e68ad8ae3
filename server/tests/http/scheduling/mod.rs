//! Board, technicians and travel times.

pub mod board;
mod clock_changes;
mod proposals;
pub mod technicians;
pub mod travel_times;
