//! What a source wants to change about a target that dispatch has already planned (rows T5 and T7): it waits for a person.

use serde::{Deserialize, Serialize};

use crate::customers::Place;
use crate::ids::{CustomerId, LocationId};
use crate::windows::TimeWindow;

/// A change that waits. Only what differs is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// Another time; `Some(None)` for none at all.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double")]
    pub window: Option<Option<TimeWindow>>,
    /// Another duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_minutes: Option<i64>,
    /// Another place of the job itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Another location; `Some(None)` for none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "double")]
    pub location: Option<Option<LocationId>>,
    /// Another customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
}

impl Proposal {
    /// Whether nothing is proposed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Absent and null are two things here.
mod double {
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
    fn absent_and_null_are_told_apart() {
        let none = Proposal::default();
        assert_eq!(serde_json::to_string(&none).expect("JSON"), "{}");
        let cleared = Proposal {
            window: Some(None),
            location: Some(None),
            ..Proposal::default()
        };
        let text = serde_json::to_string(&cleared).expect("JSON");
        assert_eq!(text, r#"{"window":null,"location":null}"#);
        assert_eq!(serde_json::from_str::<Proposal>(&text).expect("a proposal"), cleared);
        assert!(none.is_empty() && !cleared.is_empty());
    }
}
