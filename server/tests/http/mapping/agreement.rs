//! Resolve, dry run and run decide the same, for random contexts.

use ordinavo_core::Engine;
use ordinavo_core::randomness::Randomness;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};

use crate::imports::reviewed_changes::comparable;
use crate::support::world;

const CONTEXTS: usize = 60;

/// A field and its values.
type Values = (&'static str, &'static [&'static str]);

/// Fields with their values, of which some are known, some new, and some contradict each other.
const FIELDS: [(&str, &[Values]); 3] = [
    (
        "customer",
        &[
            (
                "externalId",
                &["CUST-10042", "AGREE-1", "AGREE-2", "None", " cust-10042"],
            ),
            ("customerNumber", &["RRM-001", "rrm-001", "NL-1001", "NOPE-7"]),
            ("name", &["Rhein-Ruhr Medical Supply", "Agreement Ltd", "-"]),
        ],
    ),
    (
        "location",
        &[
            ("externalId", &["LOC-ESSEN-01", "AGREE-L1", "#N/A"]),
            ("name", &["Essen Center", "West"]),
            ("city", &["Essen", "Witten"]),
        ],
    ),
    (
        "contact",
        &[
            ("externalId", &["CONT-44", "AGREE-K1"]),
            ("displayName", &["Anna Weber", "Kim"]),
            ("email", &["kim@example.org", "no address"]),
        ],
    ),
];

/// Returns a context in which each part and field is there or not.
fn random_context(random: &Randomness) -> Value {
    let mut context = Map::new();
    for (part, fields) in FIELDS {
        if random.index_below(4) == 0 {
            continue;
        }
        let mut value = Map::new();
        for (field, values) in fields {
            let choice = random.index_below(values.len() + 1);
            if let Some(text) = values.get(choice) {
                value.insert((*field).to_owned(), json!(text));
            }
        }
        if !value.is_empty() {
            context.insert(part.to_owned(), Value::Object(value));
        }
    }
    Value::Object(context)
}

/// Returns pointer and code of each error; the sentence of an item is shorter.
fn codes(errors: &Value) -> Vec<(&Value, &Value)> {
    let errors = errors.as_array().unwrap().iter();
    errors.map(|error| (&error["pointer"], &error["code"])).collect()
}

/// Removes the IDs of records that an earlier item of the same batch has created: a dry run has none.
fn remove_new_ids(run: &mut Value, dry_run: &Value) {
    for part in ["customer", "location", "contact"] {
        if dry_run["mapping"][part].get("id").is_none()
            && let Some(entry) = run["mapping"][part].as_object_mut()
        {
            entry.remove("id");
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn random_contexts_resolve_dry_run_and_run_agree(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    // The records that one run creates are known to the next.
    for seed in [20_261_129, 7] {
        let random = Randomness::seeded(seed);
        let contexts: Vec<Value> = (0..CONTEXTS).map(|_| random_context(&random)).collect();
        let items: Vec<Value> = contexts
            .iter()
            .enumerate()
            .map(|(number, context)| {
                let mut item = context.clone();
                item["externalId"] = json!(format!("AGREE-{seed}-{number}"));
                item
            })
            .collect();
        for (number, context) in contexts.iter().enumerate() {
            let resolved = world
                .call("erp", Method::POST, "/api/v1/mappings/resolve", Some(context))
                .await;
            let body = json!({ "dryRun": true, "items": [items[number]] });
            let (_, job) = world.batch("erp", &format!("one-{seed}-{number}"), &body).await;
            let job = world.wait_for_job("erp", &job).await;
            let item = &world.items("erp", &job, "").await[0];
            if resolved.0.is_success() {
                assert_eq!(resolved.1["mapping"], item["mapping"], "{seed} {context}");
                assert_eq!(resolved.1["warnings"], item["warnings"], "{seed} {context}");
            } else {
                assert_eq!(codes(&resolved.1["errors"]), codes(&item["errors"]), "{seed} {context}");
            }
        }
        let mut results = Vec::new();
        for (key, is_dry_run) in [("dry", true), ("run", false)] {
            let body = json!({ "dryRun": is_dry_run, "items": items });
            let (_, job) = world.batch("erp", &format!("{key}-{seed}"), &body).await;
            let job = world.wait_for_job("erp", &job).await;
            let found = world.items("erp", &job, "").await;
            results.push(found.into_iter().map(comparable).collect::<Vec<_>>());
        }
        let (mut run, dry_run) = (results.pop().unwrap(), results.pop().unwrap());
        for (run, dry_run) in run.iter_mut().zip(&dry_run) {
            remove_new_ids(run, dry_run);
        }
        for (number, (run, dry_run)) in run.iter().zip(&dry_run).enumerate() {
            assert_eq!(dry_run, run, "{} {seed}: {}", world.engine, items[number]);
        }
    }
}

/// Returns whether an item was imported, and into which job.
fn outcome(item: &Value) -> (bool, &Value) {
    (item["errors"].as_array().is_none_or(Vec::is_empty), &item["targetId"])
}

/// The first import may create records, so other rows of the mapping tables decide about the second one. From then on, nothing
/// changes: neither result nor warnings.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn random_items_sent_again_change_nothing(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let random = Randomness::seeded(20_261_201);
    for number in 0..CONTEXTS {
        let mut item = random_context(&random);
        item["externalId"] = json!(format!("AGAIN-{}", random.index_below(CONTEXTS / 2)));
        item["durationMinutes"] = json!([30, 60, 90][random.index_below(3)]);
        item["notes"] = json!(["", "Ring twice", "Second floor"][random.index_below(3)]);
        let mut outcomes = Vec::new();
        for attempt in 0..3 {
            let body = json!({ "items": [item] });
            let (_, job) = world.batch("erp", &format!("again-{number}-{attempt}"), &body).await;
            let job = world.wait_for_job("erp", &job).await;
            outcomes.push(world.items("erp", &job, "").await.remove(0));
        }
        let [first, second, third] = outcomes.try_into().unwrap();
        assert_eq!(outcome(&first), outcome(&second), "{} {item}", world.engine);
        assert_eq!(comparable(second.clone()), comparable(third), "{} {item}", world.engine);
        if outcome(&second).0 {
            assert_eq!(second["outcome"], "unchanged", "{} {item}: {second}", world.engine);
        }
    }
}
