//! The user's own requests: attached files and the resulting visit.

use crate::branding::portal::picture;
use crate::portal_access::access::status;
use crate::support::forms::hidden;
use crate::support::{link, world_at};
use chrono::{TimeZone as _, Utc};
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_files_are_visible_to_requester_only(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let page = world.content(&petra, "/portal/requests/new").await;
    let location = page
        .split("value=\"loc_")
        .nth(1)
        .map(|rest| format!("loc_{}", rest.split('"').next().unwrap()))
        .unwrap();
    let form = Form::new()
        .text("location", location)
        .text("service_type", "repair")
        .text("description", "The gate is stuck.")
        .text("nonce", hidden(&page, "nonce").unwrap())
        .part("files", Part::bytes(picture(40, 30)).file_name("gate.png"));
    let request = world.send_multipart(&petra, "/portal/fn/submit-request", form).await;
    let page = world.content(&petra, &request).await;
    assert!(page.contains("gate.jpg"), "{page}");
    let file = link(&page, "/portal/files/att_").unwrap();
    let (code, _) = world.get(&petra, &file).await;
    assert_eq!(code, StatusCode::OK, "{}", world.engine);
    for name in ["anna", "kontakt"] {
        let other = world.contact("nordlicht", name).await;
        assert_eq!(status(&world, &other, &file).await, StatusCode::NOT_FOUND, "{name}");
    }
    let foreign = world.tenant("suedwind").portal[0].clone();
    let foreign = world.browser("/portal", &foreign.email, &foreign.password).await;
    assert_eq!(status(&world, &foreign, &file).await, StatusCode::NOT_FOUND);
    // With the last grant revoked, the files are gone too.
    world
        .sql("UPDATE portal_grant SET revoked_at = valid_from WHERE portal_account_id IN (SELECT id FROM portal_account WHERE email LIKE 'petra.%')")
        .await;
    assert_ne!(status(&world, &petra, &file).await, StatusCode::OK, "{}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn request_converted_links_to_its_visit(#[case] engine: Engine) {
    let clock = Clock::manual(Utc.with_ymd_and_hms(2026, 11, 23, 8, 30, 0).single().unwrap());
    let Some(world) = world_at(engine, clock).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    // One of her requests becomes the job of a visit at her location.
    world
        .sql("UPDATE request SET status = 'planned', target_id = (SELECT a.target_id FROM appointment a JOIN target t ON t.tenant_id = a.tenant_id AND t.id = a.target_id WHERE t.tenant_id = request.tenant_id AND t.customer_id = request.customer_id AND a.status = 'planned' AND NOT EXISTS (SELECT 1 FROM request x WHERE x.tenant_id = a.tenant_id AND x.target_id = a.target_id) LIMIT 1) \
              WHERE id = (SELECT r.id FROM request r JOIN portal_account p ON p.tenant_id = r.tenant_id AND p.id = r.portal_account_id WHERE p.email LIKE 'petra.%' AND r.target_id IS NULL ORDER BY r.id LIMIT 1)")
        .await;
    let pairs = world
        .pairs("SELECT r.id, a.id FROM request r JOIN appointment a ON a.tenant_id = r.tenant_id AND a.target_id = r.target_id AND a.status IN ('planned', 'done') WHERE r.portal_account_id IN (SELECT id FROM portal_account WHERE email LIKE 'petra.%')")
        .await;
    assert!(!pairs.is_empty(), "{}", world.engine);
    for (request, appointment) in pairs {
        let request = format!("/portal/requests/{}", domain::ids::RequestId::from_uuid(request));
        let appointment = format!(
            "/portal/appointments/{}",
            domain::ids::AppointmentId::from_uuid(appointment)
        );
        let page = world.content(&petra, &request).await;
        let seen = status(&world, &petra, &appointment).await == StatusCode::OK;
        assert_eq!(page.contains(&appointment), seen, "{} {request}", world.engine);
    }
}
