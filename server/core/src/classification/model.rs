//! Rows that the `classification` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::RuleKind;
use domain::intake::classification::{Conditions, Outcome};
use sqlx::FromRow;
use sqlx::types::Json;

use crate::version::Version;

/// A rule that classifies requests.
#[derive(Debug, Clone, FromRow)]
pub struct RuleView {
    pub id: Key<RuleKind>,
    pub name: String,
    pub position: i64,
    pub conditions: Json<Conditions>,
    pub outcome: Json<Outcome>,
    pub tried_at: Option<DateTime<Utc>>,
    pub active_since: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

impl RuleView {
    /// Returns the version of what its form replaces.
    pub fn version(&self) -> Version {
        Version::of(&(&self.name, &self.conditions.0, &self.outcome.0))
    }

    /// Returns whether its current version was tried, which activating it requires.
    pub fn is_tried(&self) -> bool {
        self.tried_at.is_some()
    }
}
