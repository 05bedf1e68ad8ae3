//! The services of the Compose file as local processes: the same commands with the same settings, in the order in which they depend
//! on each other. Only what a container changes is replaced: hosts, ports and folders.

use std::process::Command;

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::operations::backup::{ROLES, with_role};
use crate::operations::claims::start_worker;
use crate::support::client;
use crate::support::installation::{Installation, free_port};
use crate::support::s3::S3;

const COMPOSE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/compose/compose.yaml");

/// Reads the file with the YAML library of `make test`; `None` where there is none.
fn compose() -> Option<Value> {
    let python = std::env::var("ORDINAVO_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";
    let output = Command::new(python).args(["-c", script, COMPOSE]).output().ok()?;
    let found = output
        .status
        .success()
        .then(|| serde_json::from_slice(&output.stdout).unwrap());
    assert!(
        found.is_some() || std::env::var_os("ORDINAVO_TEST_PYTHON").is_none(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    found
}

/// Replaces `${NAME:-value}` by the value, and `${NAME:?text}` by the name in small letters, as if `.env` had it.
fn filled_in(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (inside, end) = after.split_once('}').unwrap();
        let value = match inside.split_once(":-") {
            Some((_, default)) => default.to_owned(),
            None => inside.split(":?").next().unwrap().to_lowercase(),
        };
        filled = format!("{filled}{before}{value}");
        rest = end;
    }
    filled + rest
}

/// A service of the file as a process of this machine.
fn service(compose: &Value, name: &str, site: &Installation, superuser: &str, s3: &S3) -> (Installation, Vec<String>) {
    let service = &compose["services"][name];
    let mut variables: Vec<(String, String)> = service["environment"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), filled_in(value.as_str().unwrap())))
        .collect();
    let mut database = String::new();
    for (name, value) in &mut variables {
        match name.as_str() {
            "ORDINAVO_DATABASE_URL" => {
                let (role, rest) = value.strip_prefix("postgres://").unwrap().split_once(':').unwrap();
                assert!(rest.ends_with("@database/ordinavo"), "{rest}");
                database = with_role(superuser, role);
                value.clone_from(&database);
            }
            // What the service of the test is named.
            "ORDINAVO_FILES" | "AWS_ENDPOINT" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => {
                let variables = s3.variables();
                *value = variables.into_iter().find(|(known, _)| known == name).unwrap().1;
            }
            _ => {}
        }
    }
    let named: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    for (name, _) in s3.variables() {
        assert!(named.contains(&name), "the file does not set {name}");
    }
    let pairs: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let command = service["command"].as_array().unwrap();
    let command = command.iter().map(|part| part.as_str().unwrap().to_owned()).collect();
    let spool = site.folder.join("spool").display().to_string();
    let installation = site.another_server().with_database(&database).with(&pairs).with(&[
        ("ORDINAVO_SPOOL_FOLDER", &spool),
        ("ORDINAVO_DATABASE_ALLOW_OWNER", "false"),
    ]);
    (installation, command)
}

fn expect_success(installation: &Installation, arguments: &[&str]) -> String {
    let (status, output) = installation.run(arguments);
    assert!(status.success(), "{arguments:?}: {output}");
    output
}

async fn job(http: &Client, server: &Installation, key: &str) -> (StatusCode, Value) {
    let answer = http
        .get(server.url("/api/v1/targets/by-external-id/COMPOSE-1"))
        .bearer_auth(key)
        .send()
        .await
        .unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn services_of_the_compose_file_work_together() {
    let Some(site) = Installation::on_postgres("compose") else {
        return;
    };
    let Some(compose) = compose() else {
        return;
    };
    let superuser = with_role(site.database(), "postgres");
    let roles = Command::new("psql")
        .args(["-v", "ON_ERROR_STOP=1", "-qf", ROLES, &superuser])
        .output()
        .unwrap();
    assert!(roles.status.success(), "{}", String::from_utf8_lossy(&roles.stderr));
    let s3 = S3::start().await;
    let service = |name: &str| service(&compose, name, &site, &superuser, &s3);
    let (migrate, command) = service("migrate");
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    expect_success(&migrate, &command);
    let (owner, _) = service("owner");
    let demo = owner.demo();
    let key = demo["tenants"][0]["clients"][0]["apiKey"].as_str().unwrap().to_owned();

    let replicas = compose["services"]["server"]["deploy"]["replicas"].as_u64().unwrap();
    let http = client();
    let mut servers = Vec::new();
    for _ in 0..replicas {
        let (server, command) = service("server");
        assert_eq!(command, ["serve"]);
        let process = server.start(&http).await;
        servers.push((server, process));
    }
    let (worker, command) = service("worker");
    assert_eq!(command, ["worker"]);
    let ops = format!("127.0.0.1:{}", free_port());
    let worker_process = start_worker(&worker.with(&[("ORDINAVO_OPS_LISTEN", &ops)]), &ops).await;

    // Imported by one server, read from the other, and told by the worker.
    let [(first, _), (second, _)] = &servers[..] else {
        panic!("two servers")
    };
    let answer = http
        .post(first.url("/api/v1/targets"))
        .bearer_auth(&key)
        .header("idempotency-key", "compose")
        .json(&json!({ "externalId": "COMPOSE-1", "customer": { "externalId": "C-1", "name": "Compose" } }))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success(), "{:?}", answer.text().await);
    let (status, before) = job(&http, second, &key).await;
    assert_eq!(status, StatusCode::OK, "{before}");
    assert!(!s3.objects().is_empty(), "the files of the demo are in the bucket");

    // The operator's services: a backup with its role, and a restore by the owner while nothing serves.
    for name in ["backup", "owner"] {
        // Without a command of the operator, they say which there are.
        let (operator, command) = service(name);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        assert!(expect_success(&operator, &command).contains("restore"), "{name}");
    }
    let (backup, _) = service("backup");
    expect_success(first, &["doctor"]);
    let folder = site.folder.join("copy");
    let folder = folder.to_str().unwrap();
    expect_success(&backup, &["backup", folder]);
    drop((servers, worker_process));
    expect_success(&owner, &["restore", "--replace", folder]);
    let (server, _) = service("server");
    let process = server.start(&http).await;
    let (status, after) = job(&http, &server, &key).await;
    assert_eq!(
        (status, after["id"].clone()),
        (StatusCode::OK, before["id"].clone()),
        "{after}"
    );
    drop(process);
    std::fs::remove_dir_all(&site.folder).unwrap();
}
