//! The partner console: one-time invitations, jobs of one source system and dry runs.

use ordinavo_core::Engine;
use rstest::rstest;
use std::time::Duration;

use crate::support::{SAME_ORIGIN, World, link, world};
use reqwest::{Client, Method, StatusCode};
use serde_json::json;

async fn send(world: &World, browser: &Client, path: &str, fields: &[(&str, &str)]) -> (StatusCode, String) {
    let answer = browser
        .post(format!("{}{path}", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .form(fields)
        .send()
        .await
        .unwrap();
    let to = answer.headers()["location"].to_str().unwrap().to_owned();
    (answer.status(), to)
}

fn browser() -> Client {
    crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

/// Returns the invitation path shown on the page.
pub fn invitation(html: &str) -> String {
    let at = html.find("/partner/invitation/").expect("page has an invitation link");
    html[at..]
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '/')
        .collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partner_invitation_works_once_and_lock_ends_access(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let admin = world.staff("nordlicht", "admin").await;
    let source = link(
        &world.get(&admin, "/app/integrations").await.1,
        "/app/integrations/sources/src_",
    )
    .unwrap();
    let id = source.rsplit('/').next().unwrap().to_owned();
    let invite = [
        ("source", id.as_str()),
        ("name", "Ines Brandt"),
        ("email", "ines@partner.example"),
    ];
    let (_, to) = send(&world, &admin, "/app/fn/invite-partner", &invite).await;
    assert_eq!(to, source);
    let page = world.get(&admin, &source).await.1;
    let path = invitation(&page);
    assert!(page.contains(&world.url), "the link is an absolute URL");
    let again = world.get(&admin, &source).await.1;
    assert!(!again.contains(&path), "the link is shown once");
    assert!(again.contains("ines@partner.example"));

    // A duplicate email address is rejected, and the input is kept.
    send(&world, &admin, "/app/fn/invite-partner", &invite).await;
    let refused = world.get(&admin, &source).await.1;
    assert!(refused.contains("partner-email-error") && refused.contains("Ines Brandt"));

    let guest = browser();
    let (status, html) = world.get(&guest, &path).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("Ines Brandt") && html.contains("ines@partner.example"));
    let secret = path.rsplit('/').next().unwrap().to_owned();
    let (_, to) = send(
        &world,
        &guest,
        "/partner/fn/accept-invitation",
        &[("link", &secret), ("password", "short")],
    )
    .await;
    assert_eq!(to, path);
    assert!(world.get(&guest, &path).await.1.contains("invitation-password-error"));
    let accept = [("link", secret.as_str()), ("password", "correct horse battery")];
    let (_, to) = send(&world, &guest, "/partner/fn/accept-invitation", &accept).await;
    assert_eq!(to, "/partner/sign-in");
    assert_eq!(world.get(&browser(), &path).await.0, StatusCode::NOT_FOUND, "used");
    let signed_in = world
        .browser("/partner", "ines@partner.example", "correct horse battery")
        .await;
    assert_eq!(world.get(&signed_in, "/partner").await.0, StatusCode::OK);

    let partner = {
        let html = world.get(&admin, &source).await.1;
        let row = &html[html.find("ines@partner.example").unwrap()..];
        let at = row.find("ptn_").unwrap();
        row[at..at + 30].to_owned()
    };
    // With a new invitation, the old password works until the new one is set.
    let about = [("source", id.as_str()), ("partner", partner.as_str())];
    send(&world, &admin, "/app/fn/invite-partner-again", &about).await;
    let second = invitation(&world.get(&admin, &source).await.1);
    assert_ne!(second, path);
    assert_eq!(world.get(&signed_in, "/partner").await.0, StatusCode::OK);
    // Locking ends session and invitation; an administrator of another tenant cannot unlock.
    let lock = [("source", id.as_str()), ("partner", partner.as_str()), ("locked", "on")];
    send(&world, &admin, "/app/fn/block-partner", &lock).await;
    assert_eq!(world.get(&signed_in, "/partner").await.0, StatusCode::SEE_OTHER);
    assert_eq!(world.get(&browser(), &second).await.0, StatusCode::NOT_FOUND);
    let foreign = world.staff("suedwind", "admin").await;
    let unlock = [("source", id.as_str()), ("partner", partner.as_str()), ("locked", "")];
    send(&world, &foreign, "/app/fn/block-partner", &unlock).await;
    let (_, to) = send(
        &world,
        &browser(),
        "/partner/fn/sign-in",
        &[("email", "ines@partner.example"), ("password", "correct horse battery")],
    )
    .await;
    assert!(to.contains("sign-in"), "still locked");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partner_jobs_show_own_data_within_client_scopes(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let mine = json!({ "externalId": "PARTNER-B-SECRET-1", "customer": { "externalId": "B-CUSTOMER-1", "customerNumber": "RRM-001" } });
    assert!(world.import("partner", &mine).await.0.is_success());
    let theirs = json!({ "externalId": "PARTNER-A-SECRET-1", "customer": { "externalId": "A-CUSTOMER-1", "customerNumber": "RRM-001" } });
    assert!(world.import("import-only", &theirs).await.0.is_success());

    let (a, b) = (
        world.partner("nordlicht", "partner-a").await,
        world.partner("nordlicht", "partner-b").await,
    );
    let job_of =
        async |browser: &Client| link(&world.get(browser, "/partner/jobs").await.1, "/partner/jobs/imp_").unwrap();
    let (page_of_a, page_of_b) = (
        world.get(&a, &job_of(&a).await).await.1,
        world.get(&b, &job_of(&b).await).await.1,
    );
    assert!(page_of_a.contains("PARTNER-A-SECRET-1") && page_of_b.contains("PARTNER-B-SECRET-1"));
    for (browser, foreign) in [(&a, "PARTNER-B"), (&b, "PARTNER-A")] {
        for page in ["/partner", "/partner/jobs", "/partner/dry-run", &job_of(browser).await] {
            let html = world.get(browser, page).await.1;
            assert!(!html.contains(foreign), "{page} shows {foreign}");
        }
    }
    // The client of partner-a lacks `customers.read`: only codes and pointers are shown, no mapping.
    assert!(page_of_b.contains("<dt>Customer</dt>") && !page_of_a.contains("<dt>Customer</dt>"));
    assert!(page_of_a.contains("scope_missing_customers_map"));
    assert!(!page_of_a.contains("Rhein-Ruhr"), "customer names are hidden");
    // Rates and codes cover the partner's own items only.
    let home = world.get(&a, "/partner").await.1;
    assert!(home.contains("scope_missing_customers_map"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn partner_dry_run_uses_scopes_of_own_client(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let partner = world.partner("nordlicht", "erp").await;
    let form = world.get(&partner, "/partner/dry-run").await.1;
    let at = form.find("cli_").unwrap();
    let client = form[at..at + 30].to_owned();
    let body = json!({ "externalId": "TRY-ONLY-1", "customer": { "externalId": "TRY-CUSTOMER", "name": "Never Written GmbH" } });
    let (_, to) = send(
        &world,
        &partner,
        "/partner/fn/start-dry-run",
        &[("client", &client), ("body", &body.to_string())],
    )
    .await;
    assert!(to.starts_with("/partner/jobs/imp_"), "{to}");
    let mut html = String::new();
    for _ in 0..200 {
        html = world.get(&partner, &to).await.1;
        if html.contains("TRY-ONLY-1") && !html.contains("class=\"chip chip-info\"") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(html.contains("customer") && html.contains("Dry run"), "{html}");
    let key = world.key("nordlicht", "erp");
    let answer = world
        .api(Method::GET, "/api/v1/targets/by-external-id/TRY-ONLY-1", &key)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "nothing was written");
    let admin = world.staff("nordlicht", "admin").await;
    let customers = world.get(&admin, "/app/customers?q=Never+Written").await.1;
    assert!(!customers.contains("Never Written GmbH"));

    // Errors name their position, and the input is kept.
    for (text, expected) in [
        ("{", "body-error\""),
        (r#"{"externalId":"x","colour":1}"#, "/colour (unknown_field)"),
        (
            r#"{"mode":"atomic","items":[{"externalId":"x"},{"externalId":"y","notes":5}]}"#,
            "/items/1/notes",
        ),
    ] {
        send(
            &world,
            &partner,
            "/partner/fn/start-dry-run",
            &[("client", &client), ("body", text)],
        )
        .await;
        let html = world.get(&partner, "/partner/dry-run").await.1;
        assert!(html.contains(expected), "{text}: {html}");
        assert!(
            html.contains(&text.replace('"', "&quot;")) || html.contains(text),
            "{text} is kept"
        );
    }
    // A client of another source system cannot be used.
    let other = world.partner("nordlicht", "partner-b").await;
    let (_, to) = send(
        &world,
        &other,
        "/partner/fn/start-dry-run",
        &[("client", &client), ("body", &body.to_string())],
    )
    .await;
    assert_eq!(to, "/partner/dry-run");
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn test_mode_shows_test_data_only(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let test_key = world.tenant("nordlicht").client("erp").unwrap().test_api_key.clone();
    let answer = world
        .api(Method::POST, "/api/v1/targets", &test_key)
        .json(&json!({ "externalId": "ONLY-A-TEST" }))
        .send()
        .await
        .unwrap();
    assert!(answer.status().is_success());
    let partner = world.partner("nordlicht", "erp").await;
    let latest = async || {
        let list = world.get(&partner, "/partner/jobs").await.1;
        match link(&list, "/partner/jobs/imp_") {
            Some(path) => world.get(&partner, &path).await.1,
            None => list,
        }
    };
    assert!(!latest().await.contains("ONLY-A-TEST"));
    send(&world, &partner, "/partner/fn/set-test-mode", &[("on", "on")]).await;
    assert!(latest().await.contains("ONLY-A-TEST"));
    send(&world, &partner, "/partner/fn/set-test-mode", &[("on", "")]).await;
    assert!(!latest().await.contains("ONLY-A-TEST"));
}
