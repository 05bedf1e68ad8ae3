//! The reader of a page: language, time and request.

use chrono::{DateTime, Utc};
use domain::locale::Locale;

/// What every page knows about its reader. Created once for each request.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub locale: Locale,
    /// The time of the request.
    pub now: DateTime<Utc>,
    /// The path and query of the request.
    pub path: String,
    /// The ID that identifies this request in the log.
    pub request_id: String,
    /// Whether the device is from Apple, which has its own map links.
    pub is_apple: bool,
}
