//! Who looks at a page and how: language, zone, the moment, and the request's id.

use chrono::{DateTime, Utc};
use domain::locale::Locale;

/// What every page knows of its reader. Made once for each request.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The language.
    pub locale: Locale,
    /// The moment of the request.
    pub now: DateTime<Utc>,
    /// The path and query of the request.
    pub path: String,
    /// The id under which the log knows this request.
    pub request_id: String,
}
