//! SQL statements of the portal slice.

pub(crate) mod grants;
pub(crate) mod links;
pub(crate) mod pages;
pub(crate) mod profile;
pub(crate) mod requests;
pub(crate) mod visibility;
