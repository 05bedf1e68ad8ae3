//! The route engine: who goes where, in which order and when. Pure: no input or output, no clock; budget and seed are
//! arguments, and the same input gives the same plan, byte for byte.
//!
//! The order of what counts is strict: stops that are kept, then visits of higher tiers, then the number of visits, then
//! travel and overtime. [`check()`] is a second, independent reading of the rules, and [`why_left_out()`] a third one, which
//! tells what stands in the way of a visit.

mod check;
mod draft;
mod instance;
mod line;
mod part;
mod place;
mod plan;
mod polish;
mod problem;
mod reasons;
mod recreate;
mod ruin;
mod schedule;
mod search;
mod walk;

pub use check::{Violation, check};
pub use place::{Cheapest, cheapest_place};
pub use plan::{Plan, Rest, Route, Score, Stop};
pub use problem::{Break, Invalid, LONGEST, Matrix, Problem, Skills, Technician, Time, Visit, Window};
pub use reasons::{Alternative, Obstacle, Reason, Relaxation, obstacle, why_here, why_left_out};
pub use search::{Progress, Settings, solve};
