//! SQL statements of the identity slice.

pub(crate) mod accounts;
pub(crate) mod partners;
pub(crate) mod sessions;
pub(crate) mod tenants;
pub(crate) mod two_factor;
