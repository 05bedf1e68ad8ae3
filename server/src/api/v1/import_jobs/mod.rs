//! Import jobs and their items.

pub mod cancel;
pub mod get;
pub mod items;
pub mod list;
pub mod retry;

use domain::imports::jobs::ImportJob;
use domain::imports::results::ImportItemResult;
use serde::Serialize;

/// A page of import jobs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportJobPage {
    /// The items of this page.
    pub data: Vec<ImportJob>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

/// A page of import items.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportItemPage {
    /// The items of this page.
    pub data: Vec<ImportItemResult>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
