//! External references, mapping candidates and the mapping review.

pub mod model;
pub mod references;
pub mod review;
#[expect(clippy::disallowed_methods, reason = "SQL lives in the store of a slice")]
mod store;
pub(crate) use self::store::candidates::CandidateQuery;
pub(crate) use self::store::candidates::Candidates;
pub(crate) use self::store::candidates::KnownCustomer;
