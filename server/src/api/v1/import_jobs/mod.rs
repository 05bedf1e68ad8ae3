//! Import jobs and their items.

pub mod cancel;
pub mod get;
pub mod items;
pub mod list;
pub mod retry;

use domain::import_jobs::ImportJob;
use domain::import_results::ImportItemResult;
use serde::Serialize;

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportJobPage {
    /// The rows.
    pub data: Vec<ImportJob>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportItemPage {
    /// The rows.
    pub data: Vec<ImportItemResult>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
