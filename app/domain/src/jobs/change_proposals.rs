//! Change proposals: changes that a source system sends for a scheduled target, to be reviewed by dispatch (mapping
//! rows T5 and T7).

use serde::{Deserialize, Serialize};

use crate::customers::Place;
use crate::ids::{CustomerId, LocationId};
use crate::scheduling::windows::TimeWindow;

/// A proposed change; contains only the values that differ.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// New time window; `Some(None)` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub window: Option<Option<TimeWindow>>,
    /// New duration in minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<i64>,
    /// New place of the job itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// New location; `Some(None)` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub location: Option<Option<LocationId>>,
    /// New customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
}

impl Proposal {
    /// Returns whether the proposal contains no changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Distinguishes an absent member from null.
mod nullable {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(value: &Option<Option<T>>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposal_distinguishes_absent_from_null() {
        let none = Proposal::default();
        assert_eq!(serde_json::to_string(&none).expect("proposal serializes"), "{}");
        let cleared = Proposal {
            window: Some(None),
            location: Some(None),
            ..Proposal::default()
        };
        let text = serde_json::to_string(&cleared).expect("proposal serializes");
        assert_eq!(text, r#"{"window":null,"location":null}"#);
        assert_eq!(
            serde_json::from_str::<Proposal>(&text).expect("proposal deserializes"),
            cleared
        );
        assert!(none.is_empty() && !cleared.is_empty());
    }
}
