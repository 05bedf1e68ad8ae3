//! Data options: optional content of event bodies and where it is located.

use serde_json::Value;

use crate::scopes::Scope;

crate::stored_names! {
    /// Optional content of event bodies. All options are off by default; disabled content is absent, not null.
    DataOption {
        /// Name, email address and phone number of the contact.
        ContactDetails = "contactDetails",
        /// The beginning of the summary of an approved report.
        SummaryPreviews = "summaryPreviews",
        /// Details of a visit that are relevant for billing.
        BillingDetails = "billingDetails",
    }
}

impl DataOption {
    /// Returns the scope that the endpoint's client needs for this option.
    pub const fn scope(self) -> Scope {
        match self {
            Self::ContactDetails => Scope::CustomersRead,
            Self::SummaryPreviews => Scope::ReportsRead,
            Self::BillingDetails => Scope::BillingRead,
        }
    }

    /// Returns the JSON pointer of the containing object and the members of the option.
    pub const fn location(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::ContactDetails => ("/data/customerContext/contact", &["displayName", "email", "phone"]),
            Self::SummaryPreviews => ("/data", &["summary"]),
            Self::BillingDetails => ("/data", &["workMinutes"]),
        }
    }

    /// Returns a description of the added content.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::ContactDetails => "Name, email address and phone number of the contact.",
            Self::SummaryPreviews => "The first 200 characters of the summary of an approved report.",
            Self::BillingDetails => "Work time for billing, in minutes.",
        }
    }
}

/// Removes the content of the given options from a body. Without any change the body is returned byte for byte.
pub fn reduce(body: &str, without: &[DataOption]) -> String {
    if without.is_empty() {
        return body.to_owned();
    }
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return body.to_owned();
    };
    for option in without {
        let (pointer, members) = option.location();
        if let Some(Value::Object(object)) = value.pointer_mut(pointer) {
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
    fn reduce_removes_all_content_of_disabled_options() {
        let full = json!({ "type": "billing.triggered", "data": {
            "summary": "Filter changed.", "workMinutes": 30,
            "customerContext": { "contact": { "id": "con_1", "displayName": "Anna Weber", "email": "a@example.org", "phone": "1" } } } })
        .to_string();
        for (without, removed, retained) in [
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
            for text in removed {
                assert!(!body.contains(text), "{without:?} leaves {text} in {body}");
            }
            for text in retained {
                assert!(body.contains(text), "{without:?} removes {text} from {body}");
            }
            assert_eq!(reduce(&body, &without), body, "reducing again returns the same bytes");
        }
        assert_eq!(reduce(&full, &[]), full);
    }
}
