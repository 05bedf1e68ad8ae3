//! Rows and views that the use cases of `integrations` return.

use crate::db::Key;
use chrono::{DateTime, Utc};
use domain::ids::{ApiCallId, ApiCallKind, ClientId, ClientKind, SourceSystemId, SourceSystemKind};
use domain::integrations::CredentialKind;
use domain::mapping::{DuplicateNamePolicy, ProblemPolicy};
use sqlx::FromRow;

use crate::version::Version;

#[derive(Debug, Clone, FromRow)]
pub struct ClientSummary {
    #[sqlx(try_from = "Key<ClientKind>")]
    pub id: ClientId,
    pub name: String,
    #[sqlx(try_from = "Key<SourceSystemKind>")]
    pub source_system_id: SourceSystemId,
    pub source_key: String,
    #[sqlx(json)]
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub keys: i64,
}

impl ClientSummary {
    /// Returns the version of its scopes.
    pub fn version(&self) -> Version {
        Version::of(&self.scopes)
    }

    /// Returns whether it is not revoked. Only an active client can be changed or get credentials.
    pub fn is_active(&self) -> bool {
        self.revoked_at.is_none()
    }
}

/// A key (`live` or `test`) or an OAuth secret (`secret`) of a client, without the secret value.
#[derive(Debug, Clone, FromRow)]
pub struct CredentialSummary {
    pub id: String,
    #[sqlx(try_from = "String")]
    pub kind: CredentialKind,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub label: Option<String>,
    /// The last characters of the value; `None` for credentials of earlier versions.
    pub hint: Option<String>,
}

impl CredentialSummary {
    /// Returns the text by which people recognize it: the start that says its kind, and its last characters.
    pub fn recognizable(&self) -> String {
        let start = match self.kind {
            CredentialKind::Live => "ock_live_",
            CredentialKind::Test => "ock_test_",
            CredentialKind::Secret => "ocs_",
        };
        match &self.hint {
            Some(hint) => format!("{start}…{hint}"),
            // The start of an ID is a time, so only its end differs between keys of one day.
            None => format!("{start}…{}…", &self.id[self.id.len().saturating_sub(8)..]),
        }
    }
}

/// The number of calls of a client on one day.
#[derive(Debug, Clone, FromRow)]
pub struct UsageEntry {
    pub day: String,
    pub answered: i64,
    pub refused: i64,
    pub limited: i64,
}

/// A call of an integration client in the request log.
#[derive(Debug, Clone, FromRow)]
pub struct ApiCallEntry {
    #[sqlx(try_from = "Key<ApiCallKind>")]
    pub id: ApiCallId,
    pub client_name: String,
    pub is_test: bool,
    pub called_at: DateTime<Utc>,
    pub method: String,
    pub path: String,
    pub status: i64,
    /// The code of the problem that answered it.
    pub code: Option<String>,
    pub duration_ms: i64,
    pub request_id: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct SourceSummary {
    #[sqlx(try_from = "Key<SourceSystemKind>")]
    pub id: SourceSystemId,
    pub key: String,
    pub create_customers: bool,
    pub create_locations: bool,
    pub create_contacts: bool,
    pub auto_update: bool,
    pub customer_required: bool,
    #[sqlx(try_from = "String")]
    pub problem_policy: ProblemPolicy,
    #[sqlx(try_from = "String")]
    pub duplicate_names: DuplicateNamePolicy,
    #[sqlx(json)]
    pub blocked_external_ids: Vec<String>,
    pub clients: i64,
}

impl SourceSummary {
    /// Returns the version of its settings.
    pub fn version(&self) -> Version {
        Version::of(&(
            (self.create_customers, self.create_locations, self.create_contacts),
            (self.auto_update, self.customer_required),
            (self.problem_policy.name(), self.duplicate_names.name()),
            &self.blocked_external_ids,
        ))
    }
}
