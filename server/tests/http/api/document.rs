//! Tests that the OpenAPI document matches the router.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::worlds;
use reqwest::Method;

/// Routes below `/api` that the document does not describe: the document itself and the fallback.
const UNDESCRIBED: [&str; 2] = ["/api/v1/openapi.json", "/api/{*rest}"];

#[tokio::test]
async fn described_routes_allow_exactly_their_methods() {
    let world = worlds().await.remove(0);
    let description: serde_json::Value = crate::support::client()
        .get(format!("{}/api/v1/openapi.json", world.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 40);
    let unknown = Method::from_bytes(b"PROPFIND").unwrap();
    for (path, operations) in paths {
        let address: String = path
            .split('/')
            .map(|part| if part.starts_with('{') { "x" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let answer = crate::support::client()
            .request(unknown.clone(), format!("{}{address}", world.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405, "{path}");
        let allowed: BTreeSet<String> = answer.headers()["allow"]
            .to_str()
            .unwrap()
            .split(',')
            .map(|method| method.trim().to_lowercase())
            .filter(|method| method != "head")
            .collect();
        let described: BTreeSet<String> = operations.as_object().unwrap().keys().cloned().collect();
        assert_eq!(allowed, described, "{path}");
    }
}

/// Collects every path that a source file passes to `.route(`.
fn collect_routes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_routes(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            for call in source.split(".route(").skip(1) {
                if let Some(address) = call
                    .trim_start()
                    .strip_prefix('"')
                    .and_then(|rest| rest.split('"').next())
                {
                    found.insert(address.to_owned());
                }
            }
        }
    }
}

#[test]
fn api_routes_are_all_described() {
    let mut found = BTreeSet::new();
    collect_routes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.contains("/healthz"), "no routes found: {found:?}");
    let undescribed: Vec<_> = found.iter().filter(|address| address.starts_with("/api")).collect();
    assert_eq!(undescribed, UNDESCRIBED.iter().collect::<Vec<_>>());
}

/// Removes what explains and does not bind.
fn without_texts(value: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    const TEXTS: [&str; 4] = ["description", "summary", "title", "example"];
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, value)| {
                let is_text = TEXTS.contains(&name.as_str()) && !value.is_object() && !value.is_array();
                !is_text && *name != "examples"
            })
            .map(|(name, value)| (name.clone(), without_texts(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_texts).collect(),
        other => other.clone(),
    }
}

/// The contract of partners. `ordinavo openapi` prints the document from which a deliberate change is taken over.
#[test]
fn document_changes_only_with_its_snapshot() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/api/openapi.json");
    let expected: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let document = ordinavo::api::document().to_json().unwrap();
    let found = without_texts(&serde_json::from_str(&document).unwrap());
    if found == expected {
        return;
    }
    let new = std::env::temp_dir().join("openapi.json");
    std::fs::write(&new, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    panic!("compare {} with {}", new.display(), path.display());
}
