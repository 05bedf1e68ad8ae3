//! The installation: the first steps of a new organization.

pub mod first_steps;
