//! What a form leaves behind for the page after it: what was done, or what was wrong and what had been typed. Kept in the
//! session, shown once.

use std::collections::BTreeMap;

use domain::fields::FieldError;
use serde::{Deserialize, Serialize};

/// Where the session keeps it.
pub const KEY: &str = "flash";

/// The value that is shown once, closed.
pub const SHOWN_ONCE: &str = "shown-once";

/// The value that takes the act back.
pub const UNDO: &str = "undo";

/// A message for the next page.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Flash {
    /// The form that it belongs to; empty for none.
    pub form: String,
    /// What was typed, by field.
    pub values: BTreeMap<String, String>,
    /// What is wrong, by field.
    pub errors: Vec<FieldError>,
    /// What is wrong with no field in particular: code and detail.
    pub problem: Option<(String, String)>,
    /// What was done: a key of the app's words.
    pub done: Option<String>,
}

impl Flash {
    /// What was typed into a form only to be looked at: `done` says that it was, and what is shown once holds the fields.
    pub fn looked_at(flash: Option<&Self>, done: &str, form: &str) -> Option<Self> {
        let typed = flash.filter(|flash| flash.done.as_deref() == Some(done))?;
        Some(Self {
            form: form.to_owned(),
            values: serde_json::from_str(typed.values.get(SHOWN_ONCE)?).ok()?,
            ..Self::default()
        })
    }
}
