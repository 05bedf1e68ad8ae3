//! What a session stores: the step of sign-in that it is in, or the account that it belongs to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::identity::admission::{Admission, Home, PendingCode, SignInOutcome, SignedIn, ViewAs};

/// The contents of a session. The variants exclude each other: a session that chooses a tenant or waits for a code has
/// no account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum SessionData {
    /// No account is signed in.
    #[default]
    Anonymous,
    /// The password fits accounts in several tenants.
    ChoosingTenant {
        until: DateTime<Utc>,
        choices: Vec<TenantChoice>,
    },
    /// A two-factor code is missing.
    AwaitingCode {
        until: DateTime<Utc>,
        code: PendingCode,
        /// The page to open afterwards, instead of the start page.
        page: Option<String>,
    },
    /// An account is signed in.
    Open(OpenSession),
}

impl SessionData {
    /// Returns tenant and account, which are stored in columns too, so that an account's sessions can be revoked.
    pub(in crate::identity) fn account(&self) -> Option<(Uuid, Uuid)> {
        self.open().map(|open| (open.tenant, open.account))
    }

    /// Returns the session of a signed-in account.
    pub(crate) fn open(&self) -> Option<&OpenSession> {
        match self {
            Self::Open(open) => Some(open),
            Self::Anonymous | Self::ChoosingTenant { .. } | Self::AwaitingCode { .. } => None,
        }
    }
}

/// The session of a signed-in account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenSession {
    #[serde(with = "uuid_text")]
    tenant: Uuid,
    #[serde(with = "uuid_text")]
    account: Uuid,
    /// The epoch of the account in which the session began; it ends with that epoch.
    #[serde(default)]
    pub epoch: i64,
    /// The browser's user agent, for the list of sessions.
    pub user_agent: String,
    /// Who views the portal as the account; such a session is read-only.
    pub view_as: Option<ViewAs>,
    /// Whether a staff or partner session shows the data of test keys.
    pub is_test: bool,
    /// Whether two-factor authentication must be set up before anything else.
    #[serde(default)]
    pub must_set_up: bool,
}

impl OpenSession {
    /// Opens a session; the admission is used up.
    pub(in crate::identity) fn new(admission: Admission, user_agent: String) -> Self {
        Self {
            tenant: admission.tenant(),
            account: admission.account(),
            epoch: admission.epoch(),
            user_agent,
            is_test: false,
            must_set_up: admission.must_set_up(),
            view_as: admission.into_view_as(),
        }
    }
}

/// An account that a person can choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TenantChoice {
    pub tenant_name: String,
    home: Home,
    outcome: StoredOutcome,
}

/// A stored [`SignInOutcome`]. The type is private, so that text from elsewhere cannot become an admission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredOutcome {
    Granted {
        #[serde(with = "uuid_text")]
        tenant: Uuid,
        #[serde(with = "uuid_text")]
        account: Uuid,
        epoch: i64,
        must_set_up: bool,
    },
    NeedsCode(PendingCode),
}

impl From<SignedIn> for TenantChoice {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            tenant_name: signed_in.tenant_name,
            home: signed_in.home,
            outcome: match signed_in.outcome {
                SignInOutcome::Granted(admission) => StoredOutcome::Granted {
                    tenant: admission.tenant(),
                    account: admission.account(),
                    epoch: admission.epoch(),
                    must_set_up: admission.must_set_up(),
                },
                SignInOutcome::NeedsCode(code) => StoredOutcome::NeedsCode(code),
            },
        }
    }
}

impl TenantChoice {
    /// Returns the chosen account, which has passed the first factor before the choice was stored.
    pub(in crate::identity) fn into_signed_in(self) -> SignedIn {
        SignedIn {
            tenant_name: self.tenant_name,
            home: self.home,
            outcome: match self.outcome {
                StoredOutcome::Granted {
                    tenant,
                    account,
                    epoch,
                    must_set_up,
                } => SignInOutcome::Granted(Admission::new(tenant, account, epoch).with_setup(must_set_up)),
                StoredOutcome::NeedsCode(code) => SignInOutcome::NeedsCode(code),
            },
        }
    }
}

/// Session data as read from a row. Data of an unknown shape, such as that of an older version, counts as no session
/// instead of failing every request of its browser.
#[derive(Debug)]
pub(crate) struct StoredSessionData(pub SessionData);

impl<'de> Deserialize<'de> for StoredSessionData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self(serde_json::from_value(value).unwrap_or_default()))
    }
}

/// Stores a UUID as text.
pub(in crate::identity) mod uuid_text {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use uuid::Uuid;

    pub fn serialize<S: Serializer>(uuid: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(uuid)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::parse_str(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> SessionData {
        let stored: StoredSessionData = serde_json::from_str(text).expect("JSON is read");
        stored.0
    }

    #[test]
    fn stored_session_data_round_trips() {
        let admission = Admission::new(Uuid::from_u128(1), Uuid::from_u128(2), 3);
        let open = SessionData::Open(OpenSession::new(admission, "Firefox".to_owned()));
        let text = serde_json::to_string(&open).expect("data is written");
        assert_eq!(read(&text), open);
        assert_eq!(open.account(), Some((Uuid::from_u128(1), Uuid::from_u128(2))));
    }

    #[test]
    fn stored_session_data_of_unknown_shape_is_no_session() {
        for text in [
            "{}",
            "[]",
            "null",
            r#"{"account": ["a", "b"]}"#,
            r#"{"state": "open", "tenant": "not an id"}"#,
            r#"{"state": "later"}"#,
        ] {
            assert_eq!(read(text), SessionData::Anonymous, "{text}");
        }
    }

    #[test]
    fn tenant_choice_keeps_pending_code() {
        let code = PendingCode::new(Uuid::from_u128(1), Uuid::from_u128(2), 3);
        let choice = TenantChoice::from(SignedIn {
            outcome: SignInOutcome::NeedsCode(code.clone()),
            tenant_name: "Nord".to_owned(),
            home: Home::Portal,
        });
        let text = serde_json::to_string(&choice).expect("choice is written");
        let choice: TenantChoice = serde_json::from_str(&text).expect("choice is read");
        let SignInOutcome::NeedsCode(kept) = choice.into_signed_in().outcome else {
            panic!("the code is still missing");
        };
        assert_eq!(kept, code);
    }
}
