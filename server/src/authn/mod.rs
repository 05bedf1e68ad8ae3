//! Turns what a request carries into an actor: a cookie of one of the doors or of a terminal, or a bearer key.

pub mod bearer;
pub mod gate;
pub mod session_store;
pub mod terminal;
