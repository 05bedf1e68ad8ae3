//! Search over everything that the reader may see.

pub(crate) mod page;
