//! Change proposals: values that a source system sends for a job and that dispatch decides about (mapping rows C10, C19,
//! T5 and T7).
//!
//! What the source says is always the stored values, with the declined and the open changes applied. An import is applied
//! to that, and what then differs from the stored values is open or declined. Proposals therefore merge field by field,
//! and a value that equals the stored one withdraws its field.

use serde::{Deserialize, Serialize};

use crate::customers::{Address, Coordinates, Place};
use crate::fields::Patch;
use crate::ids::{ContactId, CustomerId, LocationId};
use crate::imports::PlacePatch;
use crate::jobs::targets::DEFAULT_DURATION_MINUTES;
use crate::scheduling::windows::TimeWindow;

/// Another name for a customer that the external id of the source does not vouch for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerName {
    /// The customer.
    pub customer: CustomerId,
    /// The proposed name.
    pub name: String,
}

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
    /// New service type; `Some(None)` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub service_type: Option<Option<String>>,
    /// New required skills.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required_skills: Option<Vec<String>>,
    /// New place of the job itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// New location; `Some(None)` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub location: Option<Option<LocationId>>,
    /// New contact; only with a new customer. `Some(None)` removes it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "nullable")]
    pub contact: Option<Option<ContactId>>,
    /// New customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// New name of the customer's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_name: Option<CustomerName>,
}

impl Proposal {
    /// Returns whether the proposal contains no changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether something would change that an appointment is agreed for, besides the customer.
    pub fn changes_appointment(&self) -> bool {
        let is_visit_changed = self.window.is_some()
            || self.duration_minutes.is_some()
            || self.service_type.is_some()
            || self.required_skills.is_some();
        is_visit_changed || (self.customer.is_none() && (self.place.is_some() || self.location.is_some()))
    }

    /// Splits the changes into those that differ from `declined` and those that are declined.
    pub fn split(self, declined: &Self) -> Review {
        fn part<T: PartialEq>(change: Option<T>, declined: &Option<T>) -> (Option<T>, Option<T>) {
            if change.is_some() && change == *declined {
                (None, change)
            } else {
                (change, None)
            }
        }
        let mut review = Review::default();
        let (open, kept) = (&mut review.open, &mut review.declined);
        (open.window, kept.window) = part(self.window, &declined.window);
        (open.duration_minutes, kept.duration_minutes) = part(self.duration_minutes, &declined.duration_minutes);
        (open.service_type, kept.service_type) = part(self.service_type, &declined.service_type);
        (open.required_skills, kept.required_skills) = part(self.required_skills, &declined.required_skills);
        (open.customer_name, kept.customer_name) = part(self.customer_name, &declined.customer_name);
        (open.place, kept.place) = part(self.place, &declined.place);
        (open.location, kept.location) = part(self.location, &declined.location);
        (open.contact, kept.contact) = part(self.contact, &declined.contact);
        (open.customer, kept.customer) = part(self.customer, &declined.customer);
        review
    }
}

/// The changes of a source that are not applied.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Review {
    /// Changes that wait for a decision.
    pub open: Proposal,
    /// Changes that dispatch has declined and that the source still sends.
    pub declined: Proposal,
}

/// The values of a job that a source may only propose once the job is scheduled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReviewedValues {
    /// Requested time window.
    pub window: Option<TimeWindow>,
    /// Duration in minutes.
    pub duration_minutes: i64,
    /// Service type.
    pub service_type: Option<String>,
    /// Required skills.
    pub required_skills: Vec<String>,
    /// Place of the job itself.
    pub place: Place,
    /// Location.
    pub location: Option<LocationId>,
    /// Contact.
    pub contact: Option<ContactId>,
    /// Customer.
    pub customer: Option<CustomerId>,
    /// Another name than that of the customer's record.
    pub customer_name: Option<CustomerName>,
}

impl ReviewedValues {
    /// Returns the values with a proposal applied.
    #[must_use]
    pub fn with(&self, proposal: &Proposal) -> Self {
        let proposal = proposal.clone();
        Self {
            window: proposal.window.unwrap_or_else(|| self.window.clone()),
            duration_minutes: proposal.duration_minutes.unwrap_or(self.duration_minutes),
            service_type: proposal.service_type.unwrap_or_else(|| self.service_type.clone()),
            required_skills: proposal.required_skills.unwrap_or_else(|| self.required_skills.clone()),
            place: proposal.place.unwrap_or_else(|| self.place.clone()),
            location: proposal.location.unwrap_or(self.location),
            contact: proposal.contact.unwrap_or(self.contact),
            customer: proposal.customer.or(self.customer),
            customer_name: proposal.customer_name.or_else(|| self.customer_name.clone()),
        }
    }

    /// Returns what differs in `desired`. The contact of the same customer is not compared, since it may change at any
    /// time.
    pub fn difference(&self, desired: &Self) -> Proposal {
        fn changed<T: PartialEq + Clone>(stored: &T, desired: &T) -> Option<T> {
            (stored != desired).then(|| desired.clone())
        }
        let is_same_customer = self.customer == desired.customer;
        Proposal {
            window: changed(&self.window, &desired.window),
            duration_minutes: changed(&self.duration_minutes, &desired.duration_minutes),
            service_type: changed(&self.service_type, &desired.service_type),
            required_skills: changed(&sorted(&self.required_skills), &sorted(&desired.required_skills))
                .map(|_| desired.required_skills.clone()),
            place: changed(&self.place, &desired.place),
            location: changed(&self.location, &desired.location),
            contact: changed(&self.contact, &desired.contact).filter(|_| !is_same_customer),
            customer: desired.customer.filter(|_| !is_same_customer),
            customer_name: desired
                .customer_name
                .clone()
                .filter(|_| self.customer_name != desired.customer_name),
        }
    }
}

fn sorted(skills: &[String]) -> Vec<&str> {
    let mut skills: Vec<&str> = skills.iter().map(String::as_str).collect();
    skills.sort_unstable();
    skills
}

/// The values that an import sends; absent values keep what the source said before.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SentValues {
    /// Requested time window.
    pub window: Patch<TimeWindow>,
    /// Duration in minutes; null sets the default.
    pub duration_minutes: Patch<i64>,
    /// Service type.
    pub service_type: Patch<String>,
    /// Required skills.
    pub required_skills: Patch<Vec<String>>,
    /// Address and coordinates of the location that was sent.
    pub location_place: Option<(Address, Option<Coordinates>)>,
    /// Place of the job itself.
    pub place: PlacePatch,
    /// Location.
    pub location: Patch<LocationId>,
    /// Contact.
    pub contact: Patch<ContactId>,
    /// Customer.
    pub customer: Option<CustomerId>,
    /// Another name than that of the customer's record; null if the names agree.
    pub customer_name: Patch<CustomerName>,
}

impl SentValues {
    /// Returns the place after the import: first what the location says, then what the job itself says.
    fn place_over(&self, stored: Place) -> Place {
        let place = match &self.location_place {
            None => stored,
            Some((address, coordinates)) => Place {
                address: stored.address.with(address),
                coordinates: coordinates.or(stored.coordinates),
            },
        };
        self.place.over(place)
    }

    /// Applies the sent values to `known`. Location, contact and place belong to one customer: with a change of the
    /// customer they start from those of the stored customer, or from nothing.
    #[must_use]
    pub fn over(&self, mut known: ReviewedValues, stored: &ReviewedValues) -> ReviewedValues {
        let customer = self.customer.or(known.customer);
        if customer != known.customer {
            let is_stored = customer == stored.customer;
            known.location = stored.location.filter(|_| is_stored);
            known.contact = stored.contact.filter(|_| is_stored);
            known.place = if is_stored {
                stored.place.clone()
            } else {
                Place::default()
            };
            known.customer_name = None;
        }
        ReviewedValues {
            window: self.window.clone().over(known.window),
            duration_minutes: match self.duration_minutes {
                Patch::Absent => known.duration_minutes,
                Patch::Null => DEFAULT_DURATION_MINUTES,
                Patch::Value(minutes) => minutes,
            },
            service_type: self.service_type.clone().over(known.service_type),
            required_skills: match &self.required_skills {
                Patch::Absent => known.required_skills,
                Patch::Null => Vec::new(),
                Patch::Value(skills) => skills.clone(),
            },
            place: self.place_over(known.place),
            location: self.location.clone().over(known.location),
            contact: self.contact.clone().over(known.contact),
            customer,
            customer_name: self.customer_name.clone().over(known.customer_name),
        }
    }
}

/// Returns which changes are open and which stay declined after a source has sent values.
pub fn review(stored: &ReviewedValues, before: &Review, sent: &SentValues) -> Review {
    let known = stored.with(&before.declined).with(&before.open);
    let desired = sent.over(known, stored);
    stored.difference(&desired).split(&before.declined)
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
    use proptest::prelude::*;
    use uuid::Uuid;

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

    fn stored() -> ReviewedValues {
        ReviewedValues {
            duration_minutes: 60,
            customer: Some(customer(1)),
            location: Some(LocationId::from_uuid(Uuid::from_u128(11))),
            contact: Some(ContactId::from_uuid(Uuid::from_u128(21))),
            ..ReviewedValues::default()
        }
    }

    fn customer(number: u128) -> CustomerId {
        CustomerId::from_uuid(Uuid::from_u128(number))
    }

    fn window(day: i64) -> TimeWindow {
        let start = chrono::DateTime::from_timestamp(1_795_687_200 + day * 86_400, 0).unwrap_or_default();
        TimeWindow {
            start,
            end: start + chrono::TimeDelta::hours(2),
            zone: "Europe/Berlin".into(),
        }
    }

    #[test]
    fn proposals_merge_field_by_field_and_are_withdrawn_by_the_stored_value() {
        let stored = stored();
        let duration = |minutes| SentValues {
            duration_minutes: Patch::Value(minutes),
            ..SentValues::default()
        };
        let first = review(&stored, &Review::default(), &duration(200));
        let other_window = SentValues {
            window: Patch::Value(window(1)),
            ..SentValues::default()
        };
        let both = review(&stored, &first, &other_window);
        assert_eq!(
            (both.open.duration_minutes, both.open.window.is_some()),
            (Some(200), true)
        );
        let back = review(&stored, &both, &duration(60));
        assert_eq!((back.open.duration_minutes, back.open.window.is_some()), (None, true));
    }

    #[test]
    fn declined_value_is_not_proposed_again_until_it_changes() {
        let stored = stored();
        let duration = |minutes| SentValues {
            duration_minutes: Patch::Value(minutes),
            ..SentValues::default()
        };
        let declined = Review {
            open: Proposal::default(),
            declined: review(&stored, &Review::default(), &duration(200)).open,
        };
        assert_eq!(review(&stored, &declined, &duration(200)), declined);
        assert_eq!(review(&stored, &declined, &SentValues::default()), declined);
        let changed = review(&stored, &declined, &duration(90));
        assert_eq!(
            (changed.open.duration_minutes, changed.declined.is_empty()),
            (Some(90), true)
        );
        assert_eq!(review(&stored, &declined, &duration(60)), Review::default());
    }

    #[test]
    fn customer_change_names_location_and_contact_and_is_withdrawn_with_them() {
        let stored = stored();
        let of = |number| SentValues {
            customer: Some(customer(number)),
            ..SentValues::default()
        };
        let moved = review(&stored, &Review::default(), &of(2));
        assert_eq!(
            (moved.open.customer, moved.open.location, moved.open.contact),
            (Some(customer(2)), Some(None), Some(None))
        );
        assert_eq!(review(&stored, &moved, &of(1)), Review::default());
    }

    /// Generates what a source can send.
    fn sent() -> impl Strategy<Value = SentValues> {
        fn patch<T: Clone + std::fmt::Debug + 'static>(
            value: impl Strategy<Value = T> + 'static,
        ) -> impl Strategy<Value = Patch<T>> {
            prop_oneof![Just(Patch::Absent), Just(Patch::Null), value.prop_map(Patch::Value)]
        }
        let name = (1..3_u128, 0..2_u8).prop_map(|(number, name)| CustomerName {
            customer: customer(number),
            name: format!("Name {name}"),
        });
        (
            patch((0..3_i64).prop_map(window)),
            patch(prop_oneof![Just(60_i64), Just(90), Just(200)]),
            patch((0..2_u8).prop_map(|number| format!("service {number}"))),
            patch(proptest::collection::vec("[ab]", 0..3)),
            patch((11..13_u128).prop_map(|id| LocationId::from_uuid(Uuid::from_u128(id)))),
            patch((21..23_u128).prop_map(|id| ContactId::from_uuid(Uuid::from_u128(id)))),
            proptest::option::of((1..3_u128).prop_map(customer)),
            patch(name),
            patch("[xy]"),
        )
            .prop_map(
                |(
                    window,
                    duration_minutes,
                    service_type,
                    required_skills,
                    location,
                    contact,
                    customer,
                    customer_name,
                    street,
                )| SentValues {
                    window,
                    duration_minutes,
                    service_type,
                    required_skills,
                    location_place: None,
                    place: PlacePatch {
                        street,
                        ..PlacePatch::default()
                    },
                    location,
                    contact,
                    customer,
                    customer_name,
                },
            )
    }

    proptest! {
        /// After any imports and decisions, the open and the declined changes together are the difference between what the
        /// source says and the record, and no change is both.
        #[test]
        fn open_and_declined_changes_equal_the_difference(steps in proptest::collection::vec((sent(), 0..4_u8), 1..12)) {
            let mut stored = stored();
            let mut source = stored.clone();
            let mut known = Review::default();
            for (sent, decision) in steps {
                source = sent.over(source, &stored);
                known = review(&stored, &known, &sent);
                let union = stored.with(&known.declined).with(&known.open);
                prop_assert_eq!(stored.difference(&union), stored.difference(&source));
                prop_assert_eq!(known.open.clone().split(&known.declined).declined, Proposal::default());
                // The same import again changes nothing.
                prop_assert_eq!(&review(&stored, &known, &sent), &known);
                match decision {
                    0 => {
                        // Accepted; a new name is applied to the customer's record.
                        stored = stored.with(&known.open);
                        stored.customer_name = None;
                        known = Review { open: Proposal::default(), declined: stored.difference(&stored.with(&known.declined)) };
                        source = stored.with(&known.declined);
                    }
                    1 => {
                        let declined = stored.difference(&stored.with(&known.declined).with(&known.open));
                        known = Review { open: Proposal::default(), declined };
                    }
                    _ => {}
                }
            }
        }
    }
}
