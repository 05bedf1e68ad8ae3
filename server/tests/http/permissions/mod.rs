//! Permissions of every route.

pub mod canaries;
pub mod every_route;
pub mod malformed;
pub mod markup;
pub mod portal_isolation;
