//! The master key is replaced while a server works, and the command is killed at any moment.

use std::time::Duration;

use ordinavo_core::Engine;
use reqwest::{Client, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::support::installation::{Installation, Process};

/// Creates a webhook endpoint, whose secret is sealed.
async fn create_secret(installation: &Installation, client: &Client, key: &str, number: usize) {
    let answer = client
        .post(installation.url("/api/v1/webhook-endpoints"))
        .bearer_auth(key)
        .json(&json!({ "url": format!("http://127.0.0.1:9/{number}"), "eventTypes": ["target.created"] }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{}", answer.text().await.unwrap());
}

fn key_count(installation: &Installation) -> usize {
    let text = std::fs::read_to_string(installation.folder.join("secret.key")).unwrap();
    text.lines().count()
}

/// Runs a command several times and kills it, later each time.
async fn kill_repeatedly(installation: &Installation, arguments: &[&str]) {
    for round in 0..8 {
        let mut process = Process(
            installation
                .command(arguments)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap(),
        );
        tokio::time::sleep(Duration::from_millis(15 * round)).await;
        let _ = process.kill();
        process.wait().unwrap();
        assert!(
            key_count(installation) <= 2,
            "a repeated command does not append another key"
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn key_rotation_killed_beside_server_loses_no_secret(#[case] engine: Engine) {
    let installation = match engine {
        Engine::Sqlite => Installation::on_sqlite("rotation"),
        Engine::Postgres => match Installation::on_postgres("rotation-postgres") {
            Some(installation) => installation,
            None => return,
        },
    };
    let book = installation.demo();
    let key = book["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap().to_owned();
    let client = crate::support::client_builder()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let mut number = 0;
    for _ in 0..2 {
        let server = installation.start(&client).await;
        let before = std::fs::read(installation.folder.join("secret.key")).unwrap();
        kill_repeatedly(&installation, &["admin", "rotate-master-key"]).await;
        // The server has not restarted: it reads both keys, and what it seals is not lost.
        create_secret(&installation, &client, &key, number).await;
        let (status, output) = installation.run(&["admin", "rotate-master-key"]);
        assert!(status.success() || output.contains("--finish"), "{output}");
        create_secret(&installation, &client, &key, number + 1).await;
        number += 2;
        assert_eq!(key_count(&installation), 2);
        drop(server);

        let server = installation.start(&client).await;
        kill_repeatedly(&installation, &["admin", "rotate-master-key", "--finish"]).await;
        let (status, output) = installation.run(&["admin", "rotate-master-key", "--finish"]);
        assert!(status.success() || output.contains("no rotation"), "{output}");
        assert_eq!(key_count(&installation), 1);
        assert_ne!(std::fs::read(installation.folder.join("secret.key")).unwrap(), before);
        drop(server);
    }
    // Each secret is opened and sealed again, so this fails if one is lost.
    let (status, output) = installation.run(&["admin", "rotate-master-key"]);
    assert!(status.success(), "{output}");
    for command in [&["doctor"] as &[&str], &["audit", "verify"]] {
        let (status, output) = installation.run(command);
        assert!(status.success(), "{command:?}: {output}");
    }
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
