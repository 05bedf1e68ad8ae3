//! The tracking page of a request.

pub mod track;
