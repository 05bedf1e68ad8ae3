//! Rows that the `classification` module returns.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{RuleId, RuleKind};
use domain::intake::classification::{Conditions, Outcome};
use sqlx::FromRow;

use crate::version::Version;

/// A rule that classifies requests.
#[derive(Debug, Clone, FromRow)]
pub struct RuleView {
    #[sqlx(try_from = "Key<RuleKind>")]
    pub id: RuleId,
    pub name: String,
    pub position: i64,
    #[sqlx(json)]
    pub conditions: Conditions,
    #[sqlx(json)]
    pub outcome: Outcome,
    pub tried_at: Option<DateTime<Utc>>,
    pub active_since: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

impl RuleView {
    /// Returns the version of what its form replaces.
    pub fn version(&self) -> Version {
        Version::of(&(&self.name, &self.conditions, &self.outcome))
    }

    /// Returns whether its current version was tried, which activating it requires.
    pub fn is_tried(&self) -> bool {
        self.tried_at.is_some()
    }
}
