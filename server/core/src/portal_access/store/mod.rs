//! SQL statements of the portal slice.

pub(crate) mod conversation;
pub(crate) mod granted;
pub(crate) mod grants;
pub(crate) mod links;
pub(crate) mod pages;
pub(crate) mod profile;
pub(crate) mod requests;
pub(crate) mod visibility;
