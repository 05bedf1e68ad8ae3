//! Fuzz targets of the core: whatever is received is answered and never panics, and what is accepted is what was signed.

use chrono::TimeDelta;
use domain::fields::{MAX_DEPTH, check_body};
use domain::ids::{FormId, Id};
use domain::imports::TargetImport;
use domain::imports::jobs::{ImportMode, TargetBatch};
use domain::json;
use proptest::prelude::*;
use serde_json::Value;

use crate::clock::Clock;
use crate::conformance::new_stores;
use crate::files::FileStore;
use crate::imports::is_zone;
use crate::intake::ticket;
use crate::randomness::Randomness;
use crate::secrets::Keyring;
use crate::webhooks::signature;
use crate::{Core, Settings};

#[path = "../../fuzz/mutation.rs"]
pub(crate) mod mutation;

const IMPORTS: &[&str] = &[
    r#"{"externalId":"JOB-1","customer":{"externalId":"C-1","customerNumber":"N-1","name":"Müller"},
        "location":{"externalId":"L-1","name":"Essen","city":"Essen","country":"DE"},
        "contact":{"externalId":"K-1","displayName":"Anna","email":"anna@example.org","phone":"+49201123"},
        "coordinates":{"lat":51.45,"lon":7.01},"durationMinutes":45,"priority":"high","requiredSkills":["lift"],
        "timeWindow":{"start":"2026-11-24T08:00:00+01:00","end":"2026-11-24T12:00:00+01:00","zone":"Europe/Berlin"},
        "sourceUpdatedAt":"2026-11-23T08:00:00Z","serviceType":"repair","notes":"Ring twice","action":"upsert"}"#,
    r#"{"items":[{"externalId":"A"},{"externalId":"A"},{"externalId":"B","customer":null}],"mode":"atomic","dryRun":true}"#,
    r#"{"externalId":"J","timeWindow":{"start":"2026-03-29T02:30:00+01:00","end":"2026-03-29T02:30:00+02:00","zone":"Asia/Beirut"}}"#,
];

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

proptest! {
    #[test]
    fn fuzz_import_body_any_bytes_is_answered(body in mutation::bytes(IMPORTS)) {
        let Ok(value) = json::parse(&body) else { return Ok(()) };
        prop_assert!(depth(&value) <= MAX_DEPTH);
        // What is stored and hashed is what was sent.
        let again = serde_json::to_vec(&value).expect("value is serialized");
        prop_assert_eq!(json::parse(&again).expect("own JSON is read"), value.clone());
        if check_body(&value).is_err() {
            return Ok(());
        }
        for read in [TargetImport::read(&value, is_zone).map(drop), TargetBatch::read(&value, is_zone).map(drop).map_err(|_| Vec::new())] {
            if let Err(errors) = read {
                for error in errors {
                    prop_assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{}", error.pointer);
                }
            }
        }
        drop(TargetBatch::lenient(ImportMode::Partial, true, vec![value], is_zone));
    }

    #[test]
    fn fuzz_signature_verifies_only_what_was_signed(
        body in mutation::text(IMPORTS),
        other in mutation::text(IMPORTS),
        secret in mutation::text(&["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", ""]),
        id in mutation::text(&["evt_0190c5b1c2d37e4f8a9b0c1d2e3f4a5b"]),
        timestamp in any::<i64>(),
    ) {
        // A malformed secret signs nothing, and does not panic.
        let Some(signed) = signature::sign(&secret, &id, timestamp, &body) else { return Ok(()) };
        prop_assert!(signed.starts_with("v1,"));
        let again = signature::sign(&secret, &id, timestamp, &other).expect("secret is valid");
        prop_assert_eq!(signed == again, body == other);
        let later = signature::sign(&secret, &id, timestamp.wrapping_add(1), &body).expect("secret is valid");
        prop_assert_ne!(signed, later);
    }
}

#[tokio::test]
async fn fuzz_form_ticket_only_issued_one_is_accepted() {
    let clock = Clock::manual(Clock::system().now());
    let store = new_stores(&clock).await.swap_remove(0);
    let randomness = Randomness::seeded(7);
    let keyring = Keyring::generate(&randomness);
    let files = FileStore::open("memory:///").expect("file store opens");
    let core = Core::new(store, clock, randomness, keyring, files, Settings::default());
    let form: FormId = Id::from_uuid(uuid::Uuid::from_u128(7));
    let issued: &'static str = ticket::issue(&core, form).leak();
    let seeds: &'static [&'static str] = Vec::from([issued]).leak();
    core.clock.advance(TimeDelta::minutes(1));
    assert!(ticket::check(&core, form, issued, None).is_ok());
    proptest!(|(ticket in mutation::text(seeds), proof in any::<Option<u64>>())| {
        let is_accepted = ticket::check(&core, form, &ticket, proof).is_ok();
        prop_assert_eq!(is_accepted, ticket == issued, "{}", ticket);
    });
}
