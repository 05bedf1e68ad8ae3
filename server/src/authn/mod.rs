//! Authentication: resolves a session cookie, a terminal cookie or a bearer token to an actor.

pub mod bearer;
pub mod gate;
pub mod session_cookie;
pub mod session_store;
pub mod terminal;
