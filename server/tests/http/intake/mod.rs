//! Public forms and terminals.

pub mod forms;
pub mod terminals;
