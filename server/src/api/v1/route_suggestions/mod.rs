//! Route suggestions for own targets.

pub mod create;
pub mod get;
pub mod list;

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{RouteSuggestionId, TargetId};
use domain::suggestions::SuggestionStatus;
use ordinavo_core::suggestions::clients::OwnSuggestion;
use serde::Serialize;

/// A route suggestion. It never schedules anything.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestion {
    /// Its id.
    pub id: RouteSuggestionId,
    /// How far it is; the rest is there once it is `completed`.
    pub status: SuggestionStatus,
    /// The first day.
    pub date: NaiveDate,
    /// The own targets that would be visited, by technician and day.
    pub routes: Vec<SuggestedRoute>,
    /// The own targets that would not.
    pub unassigned: Vec<Unassigned>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it ended.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
}

/// A technician's day; others' stops in it are not told.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedRoute {
    /// A label that says who goes twice, within this suggestion and no other.
    pub technician: String,
    /// The day.
    pub date: NaiveDate,
    /// The stops in their order.
    pub stops: Vec<SuggestedStop>,
}

/// A stop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedStop {
    /// The target.
    pub target_id: TargetId,
    /// Its id in the source system.
    #[schema(required)]
    pub external_id: Option<String>,
    /// When the visit would begin.
    pub arrival: DateTime<Utc>,
    /// When it would be done.
    pub departure: DateTime<Utc>,
}

/// A target that would not be visited.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unassigned {
    /// The target.
    pub target_id: TargetId,
    /// Its id in the source system.
    #[schema(required)]
    pub external_id: Option<String>,
    /// The first rules that fail, over all technicians, each once.
    pub reasons: Vec<UnassignedReason>,
}

/// A reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnassignedReason {
    /// `skill`, `window`, `shift`, `break`, `kept`, `higher_priority`, `full`, `location_unknown`, `not_open`,
    /// `other_days`, `needs_mapping`, `too_many_skills` or `no_technician`.
    pub code: String,
    /// In words, with the least amount.
    pub detail: String,
}

impl From<OwnSuggestion> for RouteSuggestion {
    fn from(own: OwnSuggestion) -> Self {
        let suggestion = own.suggestion;
        Self {
            id: suggestion.id.0,
            status: suggestion.status,
            date: suggestion.date,
            routes: own
                .routes
                .into_iter()
                .map(|(technician, date, stops)| SuggestedRoute {
                    technician,
                    date,
                    stops: stops
                        .into_iter()
                        .map(|stop| SuggestedStop {
                            target_id: stop.target,
                            external_id: stop.external_id,
                            arrival: stop.arrival,
                            departure: stop.departure,
                        })
                        .collect(),
                })
                .collect(),
            unassigned: own
                .left
                .into_iter()
                .map(|left| Unassigned {
                    target_id: left.target,
                    external_id: left.external_id,
                    reasons: left
                        .reasons
                        .into_iter()
                        .map(|(code, detail)| UnassignedReason { code, detail })
                        .collect(),
                })
                .collect(),
            created_at: suggestion.created_at,
            finished_at: suggestion.finished_at,
        }
    }
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestionPage {
    /// The rows.
    pub data: Vec<RouteSuggestion>,
    /// Where the next page begins; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
