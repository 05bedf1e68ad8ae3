//! Scheduling: appointment windows, working hours, travel times, conflicts and the map of the board.

pub mod board_grid;
pub mod conflicts;
pub mod consent;
pub mod due;
pub mod technicians;
pub mod tiles;
pub mod travel;
pub mod windows;
