//! The version of a record that a form replaces as a whole. A form carries the version that it shows; if the record was
//! changed since, the change is rejected instead of overwriting values that its author has not seen.

use domain::problems::Record;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{CoreError, CoreResult, secrets};

/// A digest of the fields that a form replaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

impl Version {
    /// Computes the version of a record from the fields that its form replaces.
    pub fn of(content: &impl Serialize) -> Self {
        let content = serde_json::to_vec(content).unwrap_or_default();
        Self(secrets::hex(&Sha256::digest(content)[..8]))
    }

    /// Returns the text that a form carries.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks that a form was rendered from this version. `None` skips the check, for callers without a form.
    ///
    /// # Errors
    /// `concurrent_modification`.
    pub(crate) fn ensure_shown(&self, shown: Option<&str>, record: Record) -> CoreResult<()> {
        if shown.is_none_or(|shown| shown == self.0) {
            return Ok(());
        }
        Err(CoreError::conflict(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ensure_shown_rejects_other_version() {
        let (old, new) = (Version::of(&("a", 1)), Version::of(&("a", 2)));
        assert!(new.ensure_shown(Some(new.as_str()), Record::Other).is_ok());
        assert!(new.ensure_shown(None, Record::Other).is_ok());
        for shown in [old.as_str(), ""] {
            let error = new
                .ensure_shown(Some(shown), Record::Other)
                .expect_err("version is stale");
            assert_eq!(error.problem.code(), "concurrent_modification", "{shown}");
        }
    }
}
