//! Data options: what an endpoint may ask for beyond ids, and where it stands in a body.

use serde_json::Value;

use crate::scopes::Scope;

crate::stored_names! {
    /// What an endpoint may ask for beyond ids. All are off by default; what is off is absent from a body, not null.
    DataOption {
        /// Name, e-mail and phone of the contact.
        ContactDetails = "contactDetails",
        /// The beginning of an approved report's summary.
        SummaryPreviews = "summaryPreviews",
        /// What a billing system needs to know of a visit.
        BillingDetails = "billingDetails",
    }
}

impl DataOption {
    /// The scope that the endpoint's client must hold for it.
    pub const fn scope(self) -> Scope {
        match self {
            Self::ContactDetails => Scope::CustomersRead,
            Self::SummaryPreviews => Scope::ReportsRead,
            Self::BillingDetails => Scope::BillingRead,
        }
    }

    /// Where a body holds it: the object's pointer and the members in it.
    pub const fn place(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::ContactDetails => ("/data/customerContext/contact", &["displayName", "email", "phone"]),
            Self::SummaryPreviews => ("/data", &["summary"]),
            Self::BillingDetails => ("/data", &["workMinutes"]),
        }
    }

    /// What it adds, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ContactDetails => "Name, e-mail and phone of the contact.",
            Self::SummaryPreviews => "The first 200 characters of an approved report's summary.",
            Self::BillingDetails => "How long the work took, for billing.",
        }
    }
}

/// A body without what some options put into it. The rest stays byte for byte as it was written.
pub fn reduce(body: &str, without: &[DataOption]) -> String {
    if without.is_empty() {
        return body.to_owned();
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    for option in without {
        let (place, members) = option.place();
        if let Some(Value::Object(object)) = value.pointer_mut(place) {
            for member in members {
                object.remove(*member);
            }
        }
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_option_that_is_off_leaves_nothing_behind() {
        let full = json!({ "type": "billing.triggered", "data": {
            "summary": "Filter changed.", "workMinutes": 30,
            "customerContext": { "contact": { "id": "con_1", "displayName": "Anna Weber", "email": "a@example.org", "phone": "1" } } } })
        .to_string();
        for (without, gone, kept) in [
            (
                vec![DataOption::ContactDetails],
                vec!["Anna", "email", "phone"],
                vec!["con_1", "Filter", "30"],
            ),
            (
                vec![DataOption::SummaryPreviews],
                vec!["summary", "Filter"],
                vec!["Anna", "30"],
            ),
            (
                vec![DataOption::BillingDetails],
                vec!["workMinutes"],
                vec!["Anna", "Filter"],
            ),
            (
                DataOption::ALL.to_vec(),
                vec!["Anna", "Filter", "workMinutes"],
                vec!["con_1", "billing.triggered"],
            ),
        ] {
            let body = reduce(&full, &without);
            for text in gone {
                assert!(!body.contains(text), "{without:?} leaves {text} in {body}");
            }
            for text in kept {
                assert!(body.contains(text), "{without:?} takes {text} from {body}");
            }
            assert_eq!(reduce(&body, &without), body, "the same bytes each time");
        }
        assert_eq!(reduce(&full, &[]), full);
    }
}
