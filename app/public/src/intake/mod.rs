//! Public forms and the terminal at reception.

pub mod form;
pub mod terminal;
