//! SQL statements of the portal slice.

pub(crate) mod appointments;
pub(crate) mod colleagues;
pub(crate) mod conversation;
pub(crate) mod grant_review;
pub(crate) mod granted;
pub(crate) mod grants;
pub(crate) mod links;
pub(crate) mod milestones;
pub(crate) mod offers;
pub(crate) mod profile;
pub(crate) mod reports;
pub(crate) mod requests;
pub(crate) mod submission;
pub(crate) mod visibility;
