//! The message that an action leaves in the session for the next page: success, or errors and the typed values. Shown
//! once.

use std::collections::BTreeMap;

use domain::fields::FieldError;
use domain::problems::Cause;
use serde::{Deserialize, Serialize};

/// The session key of the flash message.
pub const KEY: &str = "flash";

/// The key of the sealed value that is shown once.
pub const SHOWN_ONCE: &str = "shown-once";

/// The key of the undo token.
pub const UNDO: &str = "undo";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Flash {
    /// The form that the message belongs to; empty for none.
    pub form: String,
    /// The typed values by field.
    pub values: BTreeMap<String, String>,
    /// Validation errors by field.
    pub errors: Vec<FieldError>,
    /// Why the action was rejected.
    pub cause: Option<Cause>,
    /// What was done, as a key of the app's texts.
    pub done: Option<String>,
}

impl Flash {
    /// Restores the values of a form that was only previewed: `done` must be the preview's success key, and the values
    /// are in [`SHOWN_ONCE`].
    pub fn from_preview(flash: Option<&Self>, done: &str, form: &str) -> Option<Self> {
        let preview = flash.filter(|flash| flash.done.as_deref() == Some(done))?;
        Some(Self {
            form: form.to_owned(),
            values: serde_json::from_str(preview.values.get(SHOWN_ONCE)?).ok()?,
            ..Self::default()
        })
    }
}
