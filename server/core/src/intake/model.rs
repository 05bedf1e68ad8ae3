//! Rows that the `intake` module returns.

use crate::db::{Key, OptionalKey};
use chrono::{DateTime, Utc};
use domain::files::FileScan;
use domain::ids::{AttachmentId, AttachmentKind, FormId, FormKind, MessageId, MessageKind, TerminalId, TerminalKind};
use domain::intake::form::FormSettings;
use sqlx::FromRow;

use crate::version::Version;

/// A terminal; its pairing code is sealed.
#[derive(Debug, Clone, FromRow)]
pub struct TerminalView {
    #[sqlx(try_from = "Key<TerminalKind>")]
    pub id: TerminalId,
    pub name: String,
    pub pairing_code: Option<Vec<u8>>,
    pub pairing_expires_at: Option<DateTime<Utc>>,
    pub is_paired: bool,
    pub paired_at: Option<DateTime<Utc>>,
    pub last_seen_at: Option<DateTime<Utc>>,
    pub location_name: String,
    pub customer_name: String,
    pub form_name: String,
}

#[derive(Debug, Clone, FromRow)]
pub struct FileSummary {
    #[sqlx(try_from = "Key<AttachmentKind>")]
    pub id: AttachmentId,
    /// The message that it came with.
    #[sqlx(try_from = "OptionalKey<MessageKind>")]
    pub message_id: Option<MessageId>,
    pub file_name: String,
    pub media_type: String,
    pub size_bytes: i64,
    #[sqlx(try_from = "String")]
    pub scan: FileScan,
}

#[derive(Debug, Clone, FromRow)]
pub struct FormSummary {
    #[sqlx(try_from = "Key<FormKind>")]
    pub id: FormId,
    pub slug: String,
    pub name: String,
    #[sqlx(json)]
    pub settings: FormSettings,
    pub closed_at: Option<DateTime<Utc>>,
}

impl FormSummary {
    /// Returns the version of what its settings page replaces.
    pub fn version(&self) -> Version {
        Version::of(&(&self.name, &self.settings))
    }

    /// Returns whether it accepts requests.
    pub fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }
}
