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
