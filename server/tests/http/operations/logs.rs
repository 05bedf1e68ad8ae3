//! The log: every line of a request names the request, its tenant and the kind of its actor.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use ordinavo::logging::subscriber;
use ordinavo_core::Engine;
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::{Value, json};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::support::world;

/// The bytes that the log has received.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Returns the lines within the span of a request, each with the fields of that span.
    fn lines(&self, request_id: &str) -> Vec<(Value, Value)> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .filter_map(|line| {
                let request = line["spans"]
                    .as_array()?
                    .iter()
                    .find(|span| span["request_id"] == request_id)?
                    .clone();
                Some((line, request))
            })
            .collect()
    }
}

// The server runs on the thread of the test, so that the subscriber of this thread receives its lines.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn every_line_of_a_request_names_request_tenant_and_actor(#[case] engine: Engine) {
    let log = Log::default();
    let writer = log.clone();
    let _guard = subscriber(EnvFilter::new("info"), move || writer.clone()).set_default();
    let Some(world) = world(engine).await else { return };
    let nordlicht = world.tenant("nordlicht").staff("admin").unwrap().clone();
    let tenant = &world
        .texts(&format!(
            "SELECT {} FROM tenant WHERE slug = 'nordlicht'",
            if world.engine == "sqlite" {
                "lower(hex(id))"
            } else {
                "replace(id::text, '-', '')"
            }
        ))
        .await[0][0];
    let check = |request_id: &str, actor: &str, route: &str| {
        let lines = log.lines(request_id);
        assert!(
            lines.iter().any(|(line, _)| line["message"] == "request completed"),
            "{request_id}: {lines:?}"
        );
        for (line, request) in &lines {
            let logged = request["tenant"].as_str().unwrap_or_default().replace('-', "");
            assert_eq!(&logged, tenant, "{line}");
            assert_eq!(request["actor"], actor, "{line}");
            assert_eq!(request["route"], route, "{line}");
        }
        lines.len()
    };

    let browser = world.browser("/app", &nordlicht.email, &nordlicht.password).await;
    let page = browser
        .get(format!("{}/app/inbox", world.url))
        .header("x-request-id", "page-of-the-inbox")
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["x-request-id"], "page-of-the-inbox");
    check("page-of-the-inbox", "staff", "/app/inbox");

    // A failed statement is logged in a lower layer, within the span of its request.
    world
        .sql(if world.engine == "sqlite" {
            "CREATE TRIGGER broken BEFORE INSERT ON target BEGIN SELECT RAISE(ABORT, 'broken'); END"
        } else {
            "ALTER TABLE target ADD CONSTRAINT broken CHECK (false) NOT VALID"
        })
        .await;
    let failed = world
        .api(Method::POST, "/api/v1/targets", &world.key("nordlicht", "erp"))
        .header("x-request-id", "import-that-fails")
        .json(&json!({ "externalId": "LOG-1", "customer": { "externalId": "LOG", "name": "Log" } }))
        .send()
        .await
        .unwrap();
    assert!(failed.status().is_server_error(), "{}", failed.status());
    assert!(check("import-that-fails", "client", "/api/v1/targets") > 1);

    // An ID that could forge log lines is replaced.
    let replaced = world
        .api(Method::GET, "/api/v1/targets", &world.key("nordlicht", "erp"))
        .header("x-request-id", "not a suitable id")
        .send()
        .await
        .unwrap();
    let id = replaced.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(id.len(), 32, "{id}");
    check(&id, "client", "/api/v1/targets");
}
