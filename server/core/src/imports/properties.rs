//! Properties of any sequence of imports, decided in memory without a database.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use domain::customers::Address;
use domain::ids::{ContactId, CustomerId, LocationId, SourceSystemId};
use domain::imports::TargetImport;
use domain::mapping::MappingType;
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::CustomerCandidate;
use domain::mapping::location::LocationCandidate;
use domain::mapping::{DuplicateNamePolicy, MappingSettings, MappingStatus, ProblemPolicy, table};
use domain::text::CustomerNumber;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::imports::workspace::Workspace;
use crate::imports::{Outcome, Prepared, decide, is_zone, payload_hash};
use crate::mapping::{Candidates, KnownCustomer};
use crate::randomness::Randomness;

fn settings(create: bool, update: bool, policy: ProblemPolicy) -> MappingSettings {
    MappingSettings {
        may_map: true,
        may_write: true,
        create_gate: true,
        update_gate: true,
        create_customers: create,
        create_locations: create,
        create_contacts: create,
        auto_update: update,
        customer_required: false,
        problem_policy: policy,
        duplicate_names: DuplicateNamePolicy::Warn,
        blocked_external_ids: Vec::new(),
    }
}

/// Number, external ID, customer number, whether the customer is archived, and the number of the customer it was
/// merged into.
type KnownCustomerFixture = (usize, Option<&'static str>, Option<&'static str>, bool, Option<usize>);

/// Returns the initial candidates: for each suffix customers that are linked, have only a number, share a number, are
/// archived, or are merged into another one, with locations and contacts.
fn known_candidates(suffixes: &[String]) -> Candidates {
    let mut found = Candidates::default();
    for (index, suffix) in suffixes.iter().enumerate() {
        let id = |number: usize| Uuid::from_u128((index * 100 + number) as u128);
        let customers: [KnownCustomerFixture; 7] = [
            (1, Some("C-0"), Some("N-0"), false, None),
            (2, None, Some("N-1"), false, None),
            (3, None, Some("N-2"), false, None),
            (4, None, Some("N-2"), false, None),
            (5, Some("C-1"), Some("N-3"), true, None),
            (6, Some("C-2"), None, false, Some(1)),
            (7, None, Some("N-4"), true, None),
        ];
        for (number, reference, customer_number, archived, into) in customers {
            let customer = CustomerId::from_uuid(id(number));
            let linked_as = reference.map(|reference| format!("{reference}{suffix}"));
            if let Some(reference) = &linked_as {
                found.customer_references.insert(reference.clone(), customer);
            }
            if let Some(customer_number) = customer_number {
                let key = CustomerNumber::parse(&format!("{customer_number}{suffix}"))
                    .expect("customer number is valid")
                    .map(|number| CustomerNumber::for_comparison(&number))
                    .expect("customer number is not blank");
                found.customers_by_number.entry(key).or_default().push(customer);
            }
            let candidate = CustomerCandidate {
                id: customer,
                name: format!("Name {}", number % 3),
                archived,
                linked_as,
                is_vouched: true,
            };
            let merged_into = into.map(|into| CustomerId::from_uuid(id(into)));
            found
                .customers
                .insert(customer, KnownCustomer { candidate, merged_into });
        }
        for (number, reference, customer, archived) in
            [(11, "L-0", 1, false), (12, "L-1", 2, false), (13, "L-2", 1, true)]
        {
            let location = LocationId::from_uuid(id(number));
            found
                .location_references
                .insert(format!("{reference}{suffix}"), location);
            let candidate = LocationCandidate {
                id: location,
                customer: CustomerId::from_uuid(id(customer)),
                name: "Essen".into(),
                address: Address::default(),
                coordinates: None,
                archived,
            };
            found.locations.insert(location, candidate);
        }
        for (number, reference, customer, location) in [(21, "K-0", 1, Some(11)), (22, "K-1", 2, None)] {
            let contact = ContactId::from_uuid(id(number));
            found.contact_references.insert(format!("{reference}{suffix}"), contact);
            let candidate = ContactCandidate {
                id: contact,
                customer: CustomerId::from_uuid(id(customer)),
                location: location.map(|number| LocationId::from_uuid(id(number))),
                display_name: "Kim".into(),
                email: None,
                phone: None,
            };
            found.contacts.insert(contact, candidate);
        }
    }
    found
}

/// The outcomes of a run, and the references it would write.
type Run = (Vec<Outcome>, Vec<(MappingType, String, Uuid)>);

/// Runs imports one after another; each sees the decisions of those before it.
fn run(payloads: &[Value], settings: &MappingSettings, candidates: Candidates) -> Run {
    let randomness = Randomness::seeded(7);
    let imports: Vec<TargetImport> = payloads
        .iter()
        .map(|payload| TargetImport::read(payload, is_zone).expect("payload is valid"))
        .collect();
    let mut work = Workspace::new(
        settings,
        "Europe/Berlin",
        SourceSystemId::from_uuid(Uuid::from_u128(1)),
        candidates,
        Vec::new(),
        &randomness,
        DateTime::UNIX_EPOCH,
    );
    let outcomes = imports
        .iter()
        .zip(payloads)
        .map(|(import, payload)| {
            decide(
                &mut work,
                &Prepared {
                    import,
                    payload_hash: payload_hash(payload),
                },
            )
        })
        .collect();
    let references = work
        .writes
        .references
        .iter()
        .map(|row| (row.kind, row.external_id.clone(), row.id))
        .collect();
    (outcomes, references)
}

/// Generates imports from few customers, numbers, locations and contacts, so that they overlap.
fn payload() -> impl Strategy<Value = Value> {
    let id =
        |letter: &'static str| proptest::option::of((0..6_u8).prop_map(move |number| format!("{letter}-{number}")));
    let name = proptest::option::of((0..3_u8).prop_map(|number| format!("Name {number}")));
    (id("C"), id("N"), name, id("L"), id("K"), any::<bool>()).prop_map(
        |(customer, number, name, location, contact, with_customer)| {
            let mut body = json!({});
            if with_customer {
                body["customer"] = json!({ "externalId": customer, "customerNumber": number, "name": name });
            }
            if location.is_some() {
                body["location"] = json!({ "externalId": location, "city": "Essen" });
            }
            if contact.is_some() {
                body["contact"] = json!({ "externalId": contact, "displayName": "Kim" });
            }
            body
        },
    )
}

/// Codes that may accompany any rule.
const CODES_OF_ANY_RULE: [&str; 4] = [
    "external_id_blocked_value",
    "customer_merged",
    "auto_update_disabled",
    "scope_missing_customers_write",
];

fn numbered(bodies: Vec<Value>) -> Vec<Value> {
    bodies
        .into_iter()
        .enumerate()
        .map(|(index, mut body)| {
            body["externalId"] = json!(format!("J-{index}"));
            body
        })
        .collect()
}

proptest! {
    /// No sequence of imports redirects a reference, gives a record two references, or creates a known record again.
    #[test]
    fn references_any_imports_are_created_once(bodies in proptest::collection::vec(payload(), 1..25), create in any::<bool>(), update in any::<bool>()) {
        let payloads = numbered(bodies);
        let before = known_candidates(&[String::new()]);
        let (outcomes, references) = run(&payloads, &settings(create, update, ProblemPolicy::Review), known_candidates(&[String::new()]));
        let mut by_id: HashMap<(MappingType, String), Uuid> = HashMap::new();
        let mut records = HashSet::new();
        for (external_id, record) in &before.customer_references {
            by_id.insert((MappingType::Customer, external_id.clone()), record.uuid());
            records.insert(record.uuid());
        }
        for (external_id, record) in &before.location_references {
            by_id.insert((MappingType::Location, external_id.clone()), record.uuid());
        }
        for (external_id, record) in &before.contact_references {
            by_id.insert((MappingType::Contact, external_id.clone()), record.uuid());
        }
        for (kind, external_id, record) in references {
            prop_assert!(create || before.customers.contains_key(&CustomerId::from_uuid(record)), "no record is created without permission");
            prop_assert!(by_id.insert((kind, external_id), record).is_none(), "an external ID refers to one record");
            prop_assert!(records.insert(record), "a record has one external ID");
        }
        let mut seen: HashMap<String, String> = HashMap::new();
        for outcome in &outcomes {
            let entry = &outcome.mapping.customer;
            if let (Some(external_id), Some(id)) = (&entry.external_id, &entry.id)
                && entry.rule.starts_with('C')
            {
                let previous = seen.insert(external_id.clone(), id.clone());
                prop_assert!(previous.is_none_or(|previous| previous == *id), "{external_id} always leads to the same customer");
            }
        }
    }

    /// No customer is created or linked if the input is ambiguous or refers to an archived or merged customer, and a location
    /// or contact is never linked across customers.
    #[test]
    fn customers_ambiguous_or_inactive_are_not_linked(bodies in proptest::collection::vec(payload(), 1..25), update in any::<bool>()) {
        let payloads = numbered(bodies);
        let before = known_candidates(&[String::new()]);
        let (outcomes, _) = run(&payloads, &settings(true, update, ProblemPolicy::Review), known_candidates(&[String::new()]));
        for (payload, outcome) in payloads.iter().zip(&outcomes) {
            let entry = &outcome.mapping.customer;
            let holders = payload["customer"]["customerNumber"].as_str().and_then(|number| before.customers_by_number.get(number));
            if entry.status == MappingStatus::Created {
                prop_assert!(holders.is_none(), "created although the number is known: {payload}");
            }
            if let Some(id) = &entry.id {
                let inactive = before.customers.values().any(|known| {
                    (known.candidate.archived || known.merged_into.is_some()) && known.candidate.id.to_string() == *id
                });
                prop_assert!(!inactive, "linked to an inactive customer: {payload}");
            }
            for (part, owner) in [
                (&outcome.mapping.location, outcome.mapping.location.id.as_ref().and_then(|id| before.locations.values().find(|known| known.id.to_string() == *id)).map(|known| known.customer)),
                (&outcome.mapping.contact, outcome.mapping.contact.id.as_ref().and_then(|id| before.contacts.values().find(|known| known.id.to_string() == *id)).map(|known| known.customer)),
            ] {
                prop_assert!(owner.is_none_or(|owner| entry.id == Some(owner.to_string())), "{part:?} belongs to another customer");
            }
        }
    }

    /// Every warning code is documented for the rule that raised it.
    #[test]
    fn warning_codes_are_documented_for_their_rule(body in payload(), create in any::<bool>(), update in any::<bool>(), write in any::<bool>(), map in any::<bool>()) {
        let settings = MappingSettings { may_map: map, may_write: write, ..settings(create, update, ProblemPolicy::Review) };
        let candidates = if map { known_candidates(&[String::new()]) } else { Candidates::default() };
        let (outcomes, _) = run(&numbered(vec![body]), &settings, candidates);
        let mapping = &outcomes[0].mapping;
        let rules = [&mapping.customer.rule, &mapping.location.rule, &mapping.contact.rule, &outcomes[0].decision["customer"]["rule"].as_str().unwrap_or_default().to_owned()];
        let documented: Vec<&str> = table::ROWS.iter().filter(|row| rules.iter().any(|rule| *rule == row.rule)).flat_map(|row| row.codes).copied().collect();
        for warning in &outcomes[0].warnings {
            prop_assert!(documented.contains(&warning.code.as_ref()) || CODES_OF_ANY_RULE.contains(&warning.code.as_ref()), "{} is not documented for {rules:?}", warning.code);
        }
    }

    /// Two runs over the same state decide the same, so a dry run predicts the real import.
    #[test]
    fn decisions_same_input_are_equal(bodies in proptest::collection::vec(payload(), 1..15)) {
        let payloads = numbered(bodies);
        let observable = |outcomes: Vec<Outcome>| outcomes.into_iter().map(|outcome| (outcome.outcome, outcome.mapping, outcome.warnings, outcome.errors)).collect::<Vec<_>>();
        let settings = settings(true, true, ProblemPolicy::Review);
        let candidates = || known_candidates(&[String::new()]);
        prop_assert_eq!(observable(run(&payloads, &settings, candidates()).0), observable(run(&payloads, &settings, candidates()).0));
    }

    /// Items without common records are decided the same in any order.
    #[test]
    fn independent_items_any_order_decide_equally(mut bodies in proptest::collection::vec(payload(), 2..12)) {
        for (index, body) in bodies.iter_mut().enumerate() {
            for part in ["customer", "location", "contact"] {
                if let Some(id) = body[part]["externalId"].as_str().map(str::to_owned) {
                    body[part]["externalId"] = json!(format!("{id}-{index}"));
                }
            }
            if let Some(number) = body["customer"]["customerNumber"].as_str().map(str::to_owned) {
                body["customer"]["customerNumber"] = json!(format!("{number}-{index}"));
            }
            if let Some(name) = body["customer"]["name"].as_str().map(str::to_owned) {
                body["customer"]["name"] = json!(format!("{name} {index}"));
            }
        }
        let suffixes: Vec<String> = (0..bodies.len()).map(|index| format!("-{index}")).collect();
        let payloads = numbered(bodies);
        let rules = |payloads: &[Value]| {
            let (outcomes, _) = run(payloads, &settings(true, true, ProblemPolicy::Review), known_candidates(&suffixes));
            let mut rules: Vec<_> = payloads
                .iter()
                .zip(outcomes)
                .map(|(payload, outcome)| (payload["externalId"].to_string(), outcome.mapping.customer.rule, outcome.mapping.location.rule, outcome.mapping.contact.rule, outcome.outcome.name()))
                .collect();
            rules.sort();
            rules
        };
        let mut reversed = payloads.clone();
        reversed.reverse();
        prop_assert_eq!(rules(&payloads), rules(&reversed));
    }

    /// No sequence of imports renames a customer that its own external ID does not vouch for: each rename is by an external
    /// ID that was linked before, by a person or under the same name, or that created the customer.
    #[test]
    fn customers_are_renamed_by_vouching_external_ids_only(bodies in proptest::collection::vec(payload(), 1..25), again in any::<bool>()) {
        let mut payloads = numbered(bodies);
        if again {
            // A retry of everything under other IDs of jobs.
            let retried: Vec<Value> = payloads.iter().cloned().map(|mut body| { body["externalId"] = json!(format!("R-{}", body["externalId"])); body }).collect();
            payloads.extend(retried);
        }
        let before = known_candidates(&[String::new()]);
        let mut vouching: HashMap<String, CustomerId> = before.customer_references.clone();
        let mut names: HashMap<String, String> = before.customers.values().map(|known| (known.candidate.id.to_string(), known.candidate.name.clone())).collect();
        let (outcomes, _) = run(&payloads, &settings(true, true, ProblemPolicy::Review), known_candidates(&[String::new()]));
        for (payload, outcome) in payloads.iter().zip(&outcomes) {
            let entry = &outcome.mapping.customer;
            let (external_id, name) = (payload["customer"]["externalId"].as_str(), payload["customer"]["name"].as_str());
            let renames: Vec<&Value> = outcome.decision["changes"].as_array().into_iter().flatten()
                .filter(|change| change["record"] == "customer" && change["old"].is_string() && change["isProposed"] != true && change["is_proposed"] != true).collect();
            if entry.status == MappingStatus::Updated {
                prop_assert!(matches!(entry.rule.as_str(), "C6" | "C7" | "C8"), "{}", entry.rule);
                prop_assert!(external_id.is_some_and(|id| vouching.contains_key(id)), "{payload} renames without a voucher");
                prop_assert_eq!(renames.len(), 1);
            } else {
                prop_assert!(renames.is_empty(), "{payload}: {renames:?}");
            }
            let Some(id) = &entry.id else { continue };
            match entry.rule.as_str() {
                "C10" if name.is_none_or(|name| names.get(id).is_some_and(|known| known == name)) => {
                    vouching.extend(external_id.map(|external_id| (external_id.to_owned(), id.parse().expect("ID is valid"))));
                }
                "C18" => vouching.extend(external_id.map(|external_id| (external_id.to_owned(), id.parse().expect("ID is valid")))),
                _ => {}
            }
            if matches!(entry.status, MappingStatus::Updated | MappingStatus::Created) && entry.rule.starts_with('C') {
                names.extend(name.map(|name| (id.clone(), name.to_owned())));
            }
        }
    }

    /// A rejected item leaves no trace.
    #[test]
    fn rejected_items_write_nothing(bodies in proptest::collection::vec(payload(), 1..10)) {
        let payloads = numbered(bodies);
        for payload in payloads {
            let (outcomes, references) = run(std::slice::from_ref(&payload), &settings(false, false, ProblemPolicy::Reject), known_candidates(&[String::new()]));
            if outcomes[0].outcome == domain::imports::ItemOutcome::Failed {
                prop_assert!(references.is_empty());
                prop_assert!(outcomes[0].target.is_none());
            }
        }
    }
}
