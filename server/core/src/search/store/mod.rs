//! Statements of search.

mod documents;
mod entries;
mod hits;

pub(crate) use self::documents::Document;
pub(crate) use self::entries::{EntryText, Stale, Target};
