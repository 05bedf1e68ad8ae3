//! Runs every command block of the getting-started guide, in order, against a server with demo data.

use ordinavo_core::Engine;
use rstest::rstest;
use std::process::Command;

use crate::support::world;

const GUIDE: &str = include_str!("../../../../docs/connect/getting-started.md");

/// Returns the command blocks of the guide.
fn blocks() -> Vec<String> {
    GUIDE
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .map(str::to_owned)
        .collect()
}

/// Text that the output of each block must contain, in order.
const EXPECTED: [&[&str]; 8] = [
    &[],
    &["\"rule\":\"C18\"", "\"resolved\":true"],
    &["\"outcome\":\"created\"", "\"rule\":\"L5\""],
    &["\"externalId\":\"GUIDE-1\"", "\"status\":\"open\""],
    &["\"status\":\"completed\"", "\"workMinutes\":95"],
    &["\"eventId\":\"evt_"],
    &["\"outcome\":\"created\"", "invalid_time_window"],
    &["unknown_field", "/colour", "requestId"],
];

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn guide_commands_return_expected_output(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let blocks = blocks();
    assert_eq!(blocks.len(), EXPECTED.len(), "every block has expected output");
    let key = world.tenant("nordlicht").client("erp").unwrap().test_api_key.clone();
    for (block, expected) in blocks.iter().zip(EXPECTED).skip(1) {
        let (block, url, key) = (format!("set -euo pipefail\n{block}"), world.url.clone(), key.clone());
        let output = tokio::task::spawn_blocking(move || {
            Command::new("bash")
                .args(["-c", &block])
                .env("ORDINAVO", url)
                .env("KEY", key)
                .output()
                .unwrap()
        })
        .await
        .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{}\n{text}",
            String::from_utf8_lossy(&output.stderr)
        );
        for part in expected {
            assert!(text.contains(part), "{}: {part} is missing in {text}", world.engine);
        }
    }
}
