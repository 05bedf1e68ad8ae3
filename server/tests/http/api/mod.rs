//! The API: requests, answers, description, guide.

pub mod document;
pub mod guide;
pub mod requests_and_answers;
