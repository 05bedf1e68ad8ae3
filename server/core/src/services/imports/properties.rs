//! What must hold for every sequence of imports, whatever is sent: decided in memory, without a database.

use std::collections::{HashMap, HashSet};

use chrono::DateTime;
use domain::ids::SourceSystemId;
use domain::imports::TargetImport;
use domain::mapping::{DuplicateNamePolicy, MappingSettings, MappingStatus, ProblemPolicy};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::workspace::Workspace;
use super::{Outcome, Prepared, decide, is_zone, payload_hash};
use crate::randomness::Randomness;
use crate::store::Candidates;

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

/// Runs imports one after another, each seeing what those before it decided.
fn run(payloads: &[Value], settings: &MappingSettings) -> (Vec<Outcome>, Vec<(String, String, Uuid)>) {
    let randomness = Randomness::seeded(7);
    let imports: Vec<TargetImport> = payloads
        .iter()
        .map(|payload| TargetImport::read(payload, is_zone).expect("a sound payload"))
        .collect();
    let mut work = Workspace::new(
        settings,
        "Europe/Berlin",
        SourceSystemId::from_uuid(Uuid::from_u128(1)),
        Candidates::default(),
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
        .map(|row| (row.kind.name().to_owned(), row.external_id.clone(), row.id))
        .collect();
    (outcomes, references)
}

/// Imports of few customers, locations and contacts, so that they meet.
fn payload() -> impl Strategy<Value = Value> {
    let id =
        |letter: &'static str| proptest::option::of((0..4_u8).prop_map(move |number| format!("{letter}-{number}")));
    let name = proptest::option::of((0..3_u8).prop_map(|number| format!("Name {number}")));
    (id("C"), name, id("L"), id("K"), any::<bool>()).prop_map(|(customer, name, location, contact, with_customer)| {
        let mut body = json!({});
        if with_customer {
            body["customer"] = json!({ "externalId": customer, "name": name });
        }
        if location.is_some() {
            body["location"] = json!({ "externalId": location, "city": "Essen" });
        }
        if contact.is_some() {
            body["contact"] = json!({ "externalId": contact, "displayName": "Kim" });
        }
        body
    })
}

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
        let (outcomes, references) = run(&payloads, &settings(create, update, ProblemPolicy::Review));
        let mut by_id: HashMap<(String, String), Uuid> = HashMap::new();
        let mut records = HashSet::new();
        for (kind, external_id, record) in references {
            prop_assert!(create, "nothing is made where nothing may be");
            prop_assert!(by_id.insert((kind, external_id), record).is_none(), "an external id stands for one record");
            prop_assert!(records.insert(record), "a record has one external id");
        }
        let mut seen: HashMap<String, String> = HashMap::new();
        for outcome in &outcomes {
            let entry = &outcome.mapping.customer;
            if let (Some(external_id), Some(id)) = (&entry.external_id, &entry.id)
                && entry.rule.starts_with('C')
            {
                let before = seen.insert(external_id.clone(), id.clone());
                prop_assert!(before.is_none_or(|before| before == *id), "{external_id} always leads to the same customer");
                prop_assert!(entry.status != MappingStatus::Created || !outcome.warnings.iter().any(|note| note.code == "customer_number_ambiguous"));
            }
        }
    }

    /// The same run twice decides the same: a dry run is the run, not a guess.
    #[test]
    fn deciding_is_a_function_of_what_is_there(bodies in proptest::collection::vec(payload(), 1..15)) {
        let payloads = numbered(bodies);
        let told = |outcomes: Vec<Outcome>| outcomes.into_iter().map(|outcome| (outcome.outcome, outcome.mapping, outcome.warnings, outcome.errors)).collect::<Vec<_>>();
        let settings = settings(true, true, ProblemPolicy::Review);
        prop_assert_eq!(told(run(&payloads, &settings).0), told(run(&payloads, &settings).0));
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
            if let Some(name) = body["customer"]["name"].as_str().map(str::to_owned) {
                body["customer"]["name"] = json!(format!("{name} {index}"));
            }
        }
        let payloads = numbered(bodies);
        let rules = |payloads: &[Value]| {
            let (outcomes, _) = run(payloads, &settings(true, true, ProblemPolicy::Review));
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
            let (outcomes, references) = run(std::slice::from_ref(&payload), &settings(false, false, ProblemPolicy::Reject));
            if outcomes[0].outcome == domain::imports::ItemOutcome::Failed {
                prop_assert!(references.is_empty());
                prop_assert!(outcomes[0].target.is_none());
            }
        }
    }
}
