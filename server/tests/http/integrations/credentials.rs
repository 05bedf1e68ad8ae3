//! Keys of clients: their labels, how people recognize them, and the question before one is revoked.

use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

use crate::support::{link, world};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn key_is_recognized_by_label_and_end_and_revoked_after_question(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let admin = world.staff("nordlicht", "admin").await;
    let list = world.content(&admin, "/app/integrations").await;
    let page = link(&list, "/app/integrations/clients/cli_").unwrap();
    let client = page.rsplit('/').next().unwrap().to_owned();
    // Makes room for the new key.
    world
        .sql("UPDATE api_key SET revoked_at = created_at WHERE NOT is_test")
        .await;
    let fields = [
        ("client", client.as_str()),
        ("kind", "live"),
        ("label", " Night import "),
    ];
    world.send(&admin, "/app/fn/create-credential", &fields).await;
    let shown = world.content(&admin, &page).await;
    let key: String = shown
        .split("ock_live_")
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>())
        .find(|id| id.len() == 32)
        .unwrap();
    let row = shown
        .split(&format!("data-credential=\"{key}\""))
        .nth(1)
        .unwrap()
        .split("</tr>")
        .next()
        .unwrap()
        .to_owned();
    let end = &shown.split(&format!("ock_live_{key}_")).nth(1).unwrap()[60..64];
    let recognizable = format!("ock_live_…{end}");
    assert!(row.contains(&recognizable), "{row}");
    assert!(row.contains("Night import"));
    // The question names the key, and the button that acts is inside it.
    let question = row.split("<details").nth(1).unwrap();
    assert!(question.contains(&recognizable) && question.contains("Night import"));
    assert!(question.contains("/app/fn/revoke-credential") && !row.split("<details").next().unwrap().contains("<form"));

    // The partner sees its own keys in the same form, and never the value.
    let source = world
        .texts(&format!(
            "SELECT source.key FROM api_key JOIN integration_client AS client ON client.id = api_key.client_id \
         JOIN source_system AS source ON source.id = client.source_system_id AND source.tenant_id = client.tenant_id \
         WHERE api_key.public_id = '{key}' AND client.tenant_id = api_key.tenant_id"
        ))
        .await[0][0]
        .clone();
    let partner = world.partner("nordlicht", &source).await;
    let home = world.content(&partner, "/partner").await;
    assert!(home.contains(&recognizable) && home.contains("Night import"));

    let too_long = "x".repeat(61);
    let fields = [("client", client.as_str()), ("kind", "live"), ("label", &too_long)];
    world.send(&admin, "/app/fn/create-credential", &fields).await;
    assert!(
        world
            .content(&admin, &page)
            .await
            .contains("data-code=\"value_too_long\"")
    );

    let revoke = [
        ("client", client.as_str()),
        ("kind", "live"),
        ("credential", key.as_str()),
    ];
    world.send(&admin, "/app/fn/revoke-credential", &revoke).await;
    let shown = world.content(&admin, &page).await;
    let row = shown.split(&format!("data-credential=\"{key}\"")).nth(1).unwrap();
    assert!(!row.split("</tr>").next().unwrap().contains("/app/fn/revoke-credential"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_log_shows_partner_its_refused_calls(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let (status, refused) = world
        .call("erp", reqwest::Method::GET, "/api/v1/targets?cursor=garbled", None)
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let request_id = refused["requestId"].as_str().unwrap().to_owned();
    let (status, _) = world
        .call("erp", reqwest::Method::GET, "/api/v1/targets?limit=1", None)
        .await;
    assert_eq!(status, StatusCode::OK);
    let partner = world.partner("nordlicht", "erp").await;
    let stranger = world.partner("nordlicht", "partner-b").await;
    let mark = format!("data-call=\"{request_id}\"");
    // The log is written every ten seconds.
    let deadline = std::time::Duration::from_secs(40);
    let page = tokio::time::timeout(deadline, async {
        loop {
            let page = world.content(&partner, "/partner/requests").await;
            if page.contains(&mark) {
                return page;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    })
    .await
    .expect("the call is logged");
    assert!(page.matches("data-call=").count() >= 2);
    let errors = world.content(&partner, "/partner/requests?errors=1").await;
    assert!(errors.contains(&mark) && errors.contains("/docs/problems/invalid_cursor"));
    assert_eq!(errors.matches("data-call=").count(), 1);
    assert!(!world.content(&stranger, "/partner/requests").await.contains(&mark));
}
