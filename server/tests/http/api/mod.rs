//! The Connect API: requests, responses, OpenAPI document and guide.

pub mod document;
pub mod guide;
pub mod requests_and_responses;
