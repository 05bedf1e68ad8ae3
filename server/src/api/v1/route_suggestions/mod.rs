//! Route suggestions for targets of the client's source system.

pub mod create;
pub mod get;
pub mod list;

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{RouteSuggestionId, TargetId};
use domain::suggestions::SuggestionStatus;
use ordinavo_core::suggestions::clients::OwnSuggestion;
use serde::Serialize;

/// A route suggestion. It never schedules appointments.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestion {
    /// Unique identifier.
    pub id: RouteSuggestionId,
    /// Current status. Routes and unassigned targets are available when it is `completed`.
    pub status: SuggestionStatus,
    /// First day.
    pub date: NaiveDate,
    /// Suggested visits, by technician and day.
    pub routes: Vec<SuggestedRoute>,
    /// Targets that do not fit into any route.
    pub unassigned: Vec<Unassigned>,
    /// When it was requested.
    pub created_at: DateTime<Utc>,
    /// When the computation finished.
    #[schema(required)]
    pub finished_at: Option<DateTime<Utc>>,
}

/// The route of one technician on one day, without stops of other source systems.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedRoute {
    /// Anonymous label of the technician, valid only within this suggestion.
    pub technician: String,
    /// Day of the route.
    pub date: NaiveDate,
    /// Stops in visit order.
    pub stops: Vec<SuggestedStop>,
}

/// A stop of a suggested route.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SuggestedStop {
    /// ID of the target.
    pub target_id: TargetId,
    /// ID of the target in its source system.
    #[schema(required)]
    pub external_id: Option<String>,
    /// Suggested start of the visit.
    pub arrival: DateTime<Utc>,
    /// Suggested end of the visit.
    pub departure: DateTime<Utc>,
}

/// A target that does not fit into any route.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unassigned {
    /// ID of the target.
    pub target_id: TargetId,
    /// ID of the target in its source system.
    #[schema(required)]
    pub external_id: Option<String>,
    /// Reasons, without duplicates: the first rule that fails for each technician.
    pub reasons: Vec<UnassignedReason>,
}

/// Why a target does not fit into any route.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnassignedReason {
    /// `skill`, `window`, `shift`, `break`, `kept`, `higher_priority`, `full`, `location_unknown`, `not_open`,
    /// `other_days`, `needs_mapping`, `too_many_skills` or `no_technician`.
    pub code: String,
    /// Explanation with the smallest amount by which the rule is missed.
    pub detail: String,
}

impl From<OwnSuggestion> for RouteSuggestion {
    fn from(client_suggestion: OwnSuggestion) -> Self {
        let suggestion = client_suggestion.suggestion;
        Self {
            id: suggestion.id.0,
            status: suggestion.status,
            date: suggestion.date,
            routes: client_suggestion
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
            unassigned: client_suggestion
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

/// A page of route suggestions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteSuggestionPage {
    /// The items of this page.
    pub data: Vec<RouteSuggestion>,
    /// Cursor of the next page; null on the last page.
    #[schema(required)]
    pub next_cursor: Option<String>,
}
