//! What must hold for every sequence of imports, whatever is sent: decided in memory, without a database.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use domain::customers::Address;
use domain::ids::{ContactId, CustomerId, LocationId, SourceSystemId};
use domain::imports::TargetImport;
use domain::mapping::contact::ContactCandidate;
use domain::mapping::customer::CustomerCandidate;
use domain::mapping::location::LocationCandidate;
use domain::mapping::{DuplicateNamePolicy, MappingSettings, MappingStatus, ProblemPolicy, table};
use domain::text::CustomerNumber;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::imports::store::writes::ReferenceKind;
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
    }
}

/// A customer of the beginning: its place, external id, customer number, whether it is archived, whom it was merged into.
type KnownLine = (usize, Option<&'static str>, Option<&'static str>, bool, Option<usize>);

/// What a run knows before it begins: for each suffix customers that are linked, only numbered, sharing a number,
/// archived, or merged into another one, with locations and contacts.
fn known(suffixes: &[String]) -> Candidates {
    let mut found = Candidates::default();
    for (index, suffix) in suffixes.iter().enumerate() {
        let id = |number: usize| Uuid::from_u128((index * 100 + number) as u128);
        let customers: [KnownLine; 7] = [
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
                    .expect("a number")
                    .map(|number| CustomerNumber::for_comparison(&number))
                    .expect("not blank");
                found.customers_by_number.entry(key).or_default().push(customer);
            }
            let candidate = CustomerCandidate {
                id: customer,
                name: format!("Name {}", number % 3),
                archived,
                linked_as,
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

/// What a run decided, and which references it would write.
type Run = (Vec<Outcome>, Vec<(ReferenceKind, String, Uuid)>);

/// Runs imports one after another, each seeing what those before it decided.
fn run(payloads: &[Value], settings: &MappingSettings, candidates: Candidates) -> Run {
    let randomness = Randomness::seeded(7);
    let imports: Vec<TargetImport> = payloads
        .iter()
        .map(|payload| TargetImport::read(payload, is_zone).expect("a sound payload"))
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

/// Imports of few customers, numbers, locations and contacts, so that they meet.
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

/// The codes that may come with any row.
const WITH_ANY_ROW: [&str; 4] = [
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
    /// No sequence of imports re-points a reference, gives a record two references, or creates what is known.
    #[test]
    fn references_are_made_once_and_stay(bodies in proptest::collection::vec(payload(), 1..25), create in any::<bool>(), update in any::<bool>()) {
        let payloads = numbered(bodies);
        let before = known(&[String::new()]);
        let (outcomes, references) = run(&payloads, &settings(create, update, ProblemPolicy::Review), known(&[String::new()]));
        let mut by_id: HashMap<(ReferenceKind, String), Uuid> = HashMap::new();
        let mut records = HashSet::new();
        for (external_id, record) in &before.customer_references {
            by_id.insert((ReferenceKind::Customer, external_id.clone()), record.uuid());
            records.insert(record.uuid());
        }
        for (external_id, record) in &before.location_references {
            by_id.insert((ReferenceKind::Location, external_id.clone()), record.uuid());
        }
        for (external_id, record) in &before.contact_references {
            by_id.insert((ReferenceKind::Contact, external_id.clone()), record.uuid());
        }
        for (kind, external_id, record) in references {
            prop_assert!(create || before.customers.contains_key(&CustomerId::from_uuid(record)), "nothing is made where nothing may be");
            prop_assert!(by_id.insert((kind, external_id), record).is_none(), "an external id stands for one record");
            prop_assert!(records.insert(record), "a record has one external id");
        }
        let mut seen: HashMap<String, String> = HashMap::new();
        for outcome in &outcomes {
            let entry = &outcome.mapping.customer;
            if let (Some(external_id), Some(id)) = (&entry.external_id, &entry.id)
                && entry.rule.starts_with('C')
            {
                let earlier = seen.insert(external_id.clone(), id.clone());
                prop_assert!(earlier.is_none_or(|earlier| earlier == *id), "{external_id} always leads to the same customer");
            }
        }
    }

    /// Nobody is made or linked where the input leads to several, to somebody archived, or to somebody merged away; and a
    /// location or contact is never linked across customers.
    #[test]
    fn nothing_is_made_on_ambiguity_and_nobody_inactive_is_linked(bodies in proptest::collection::vec(payload(), 1..25), update in any::<bool>()) {
        let payloads = numbered(bodies);
        let before = known(&[String::new()]);
        let (outcomes, _) = run(&payloads, &settings(true, update, ProblemPolicy::Review), known(&[String::new()]));
        for (payload, outcome) in payloads.iter().zip(&outcomes) {
            let entry = &outcome.mapping.customer;
            let holders = payload["customer"]["customerNumber"].as_str().and_then(|number| before.customers_by_number.get(number));
            if entry.status == MappingStatus::Created {
                prop_assert!(holders.is_none(), "made although the number is known: {payload}");
            }
            if let Some(id) = &entry.id {
                let inactive = before.customers.values().any(|known| {
                    (known.candidate.archived || known.merged_into.is_some()) && known.candidate.id.to_string() == *id
                });
                prop_assert!(!inactive, "linked to somebody who is not active: {payload}");
            }
            for (part, owner) in [
                (&outcome.mapping.location, outcome.mapping.location.id.as_ref().and_then(|id| before.locations.values().find(|known| known.id.to_string() == *id)).map(|known| known.customer)),
                (&outcome.mapping.contact, outcome.mapping.contact.id.as_ref().and_then(|id| before.contacts.values().find(|known| known.id.to_string() == *id)).map(|known| known.customer)),
            ] {
                prop_assert!(owner.is_none_or(|owner| entry.id == Some(owner.to_string())), "{part:?} belongs to another customer");
            }
        }
    }

    /// Whatever a row says is written in its line of the documentation.
    #[test]
    fn every_code_stands_in_the_line_of_its_row(body in payload(), create in any::<bool>(), update in any::<bool>(), write in any::<bool>(), map in any::<bool>()) {
        let settings = MappingSettings { may_map: map, may_write: write, ..settings(create, update, ProblemPolicy::Review) };
        let candidates = if map { known(&[String::new()]) } else { Candidates::default() };
        let (outcomes, _) = run(&numbered(vec![body]), &settings, candidates);
        let mapping = &outcomes[0].mapping;
        let rules = [&mapping.customer.rule, &mapping.location.rule, &mapping.contact.rule, &outcomes[0].decision["customer"]["rule"].as_str().unwrap_or_default().to_owned()];
        let written: Vec<&str> = table::ROWS.iter().filter(|row| rules.iter().any(|rule| *rule == row.rule)).flat_map(|row| row.codes).copied().collect();
        for warning in &outcomes[0].warnings {
            prop_assert!(written.contains(&warning.code.as_ref()) || WITH_ANY_ROW.contains(&warning.code.as_ref()), "{} is not written for {rules:?}", warning.code);
        }
    }

    /// The same run twice decides the same: a dry run is the run, not a guess.
    #[test]
    fn deciding_is_a_function_of_what_is_there(bodies in proptest::collection::vec(payload(), 1..15)) {
        let payloads = numbered(bodies);
        let told = |outcomes: Vec<Outcome>| outcomes.into_iter().map(|outcome| (outcome.outcome, outcome.mapping, outcome.warnings, outcome.errors)).collect::<Vec<_>>();
        let settings = settings(true, true, ProblemPolicy::Review);
        let world = || known(&[String::new()]);
        prop_assert_eq!(told(run(&payloads, &settings, world()).0), told(run(&payloads, &settings, world()).0));
    }

    /// Items that share nothing are decided the same in any order.
    #[test]
    fn independent_items_do_not_see_each_other(mut bodies in proptest::collection::vec(payload(), 2..12)) {
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
            let (outcomes, _) = run(payloads, &settings(true, true, ProblemPolicy::Review), known(&suffixes));
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

    /// A refused item leaves nothing behind.
    #[test]
    fn what_is_refused_writes_nothing(bodies in proptest::collection::vec(payload(), 1..10)) {
        let payloads = numbered(bodies);
        for payload in payloads {
            let (outcomes, references) = run(std::slice::from_ref(&payload), &settings(false, false, ProblemPolicy::Reject), known(&[String::new()]));
            if outcomes[0].outcome == domain::imports::ItemOutcome::Failed {
                prop_assert!(references.is_empty());
                prop_assert!(outcomes[0].target.is_none());
            }
        }
    }
}
