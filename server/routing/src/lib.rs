//! The route engine: assigns visits to technicians and computes order and times. It performs no I/O and reads no clock;
//! budget and seed are arguments, and the same input always returns the same plan.
//!
//! The objectives are lexicographic: locked stops first, then visits of higher tiers, then the number of visits, then travel
//! and overtime. [`check()`] is an independent implementation of the rules, and [`explain_unassigned()`] another one that explains
//! why a visit is unassigned.

mod check;
mod draft;
mod insertion;
mod instance;
mod local_search;
mod plan;
mod problem;
mod reasons;
mod recreate;
mod replacement;
mod ruin;
mod schedule;
mod search;
mod tour;
mod walk;

pub use check::{Violation, check};
pub use insertion::{CheapestInsertion, cheapest_insertion};
pub use plan::{Plan, Route, Score, Stop, TakenBreak};
pub use problem::{Break, Invalid, MAX_TIME_SECONDS, Matrix, Problem, Skills, Technician, Time, Visit, Window};
pub use reasons::{Alternative, Obstacle, Reason, Relaxation, explain_assignment, explain_unassigned, obstacle};
pub use search::{Progress, Settings, solve};
