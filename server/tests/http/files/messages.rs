//! Files that staff send with a message: who can open them.

use ordinavo_core::Engine;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use rstest::rstest;

use crate::requests::inbox::monday;
use crate::support::public::{COMPLETE, visitor};
use crate::support::{World, link, world_at};

/// Sends a message with a plan and a file of a type that is not accepted.
async fn send(world: &World, staff: &Client, request: &str, nonce: &str) -> String {
    let form = Form::new()
        .text("request", request.to_owned())
        .text("message", "Please check the plan.")
        .text("asks", "on")
        .text("nonce", nonce.to_owned())
        .part(
            "files",
            Part::bytes(b"%PDF-1.7 plan of the team".to_vec()).file_name("plan.pdf"),
        )
        .part("files", Part::bytes(b"<svg></svg>".to_vec()).file_name("drawing.svg"));
    let back = world.send_multipart(staff, "/app/fn/send-message", form).await;
    world.content(staff, &back).await
}

async fn status(world: &World, browser: &Client, path: &str) -> StatusCode {
    browser
        .get(format!("{}{path}", world.url))
        .send()
        .await
        .unwrap()
        .status()
}

async fn messages(world: &World) -> usize {
    let rows = world
        .texts("SELECT text FROM customer_message WHERE text = 'Please check the plan.'")
        .await;
    rows.len()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn message_files_of_portal_request_open_for_its_readers_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let anna = world.contact("nordlicht", "anna").await;
    let petra = world.contact("nordlicht", "petra").await;
    let stranger = world.contact("nordlicht", "kontakt").await;
    let new = world.get(&anna, "/portal/requests/new").await.1;
    let location = format!(
        "loc_{}",
        new.split("value=\"loc_").nth(1).unwrap().split('"').next().unwrap()
    );
    let form = Form::new()
        .text("location", location)
        .text("service_type", "repair")
        .text("description", "The cooling of the archive hums.")
        .text("nonce", "of-anna")
        .part("files", Part::bytes(b"%PDF-1.7 of Anna".to_vec()).file_name("own.pdf"));
    let made = world.send_multipart(&anna, "/portal/fn/submit-request", form).await;
    let path = made.split('?').next().unwrap().to_owned();
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "cooling of the archive").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();

    let page = send(&world, &staff, &id, "first").await;
    assert!(page.contains("data-done=\"done-message\""), "{}: {page}", world.engine);
    let refused = page.split("data-testid=\"refused-files\"").nth(1).unwrap();
    assert!(refused.contains("file_type_not_allowed") && refused.contains("drawing.svg"));
    // The same form again, after a double click.
    send(&world, &staff, &id, "first").await;
    assert_eq!(messages(&world).await, 1, "{}", world.engine);
    // The same form with another text is another message: the answer to the first may not have arrived.
    let edited = [
        ("request", id.as_str()),
        ("message", "Please check the second plan."),
        ("nonce", "first"),
    ];
    world.send_message(&staff, &edited).await;
    assert!(
        world
            .content(&anna, &path)
            .await
            .contains("Please check the second plan.")
    );

    let rows = world
        .texts("SELECT file_name FROM request_attachment WHERE file_name IN ('plan.pdf', 'own.pdf')")
        .await;
    assert_eq!(rows.len(), 2, "{}", world.engine);
    let file_in = |page: &str, name: &str| {
        let before = page.split(name).next().unwrap();
        let start = before.rsplit("/portal/files/").next().unwrap();
        format!("/portal/files/{}", start.split('"').next().unwrap())
    };
    let page = world.content(&anna, &path).await;
    let (plan, own) = (file_in(&page, "plan.pdf"), file_in(&page, "own.pdf"));
    assert_ne!(plan, own, "{page}");
    // The colleague with the requests of others reads the message with its file, and not what Anna uploaded.
    let of_petra = world.content(&petra, &path).await;
    assert!(
        of_petra.contains("plan.pdf") && !of_petra.contains("own.pdf"),
        "{of_petra}"
    );
    for (browser, file, expected) in [
        (&anna, &plan, StatusCode::OK),
        (&anna, &own, StatusCode::OK),
        (&petra, &plan, StatusCode::OK),
        (&petra, &own, StatusCode::NOT_FOUND),
        (&stranger, &plan, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(
            status(&world, browser, file).await,
            expected,
            "{}: {file}",
            world.engine
        );
    }
    // The job shows what the requester sent, and not what was sent to the requester.
    let base = [("request", id.as_str()), ("view", "")];
    world.send(&staff, "/app/fn/accept-request", &base).await;
    let job = world.send(&staff, "/app/fn/convert-request", &base).await;
    let page = world.content(&staff, &job).await;
    assert!(page.contains("own.pdf") && !page.contains("plan.pdf"));
    // Without the access to the customer, the files are gone with the request.
    world.sql("UPDATE portal_grant SET revoked_at = valid_from").await;
    for (browser, file) in [(&anna, &plan), (&anna, &own), (&petra, &plan)] {
        assert_ne!(
            status(&world, browser, file).await,
            StatusCode::OK,
            "{}: {file}",
            world.engine
        );
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn message_files_open_from_the_tracking_page_of_their_request_only(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let path = world.submit(&COMPLETE, &[]).await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Another lift");
    let other = world.submit(&fields, &[]).await;
    let staff = world.staff("nordlicht", "dispatcher").await;
    let inside = world.in_inbox(&staff, "lift stands still").await;
    let id = inside.rsplit('/').next().unwrap().to_owned();
    send(&world, &staff, &id, "first").await;
    let track = |path: &str| path.split('?').next().unwrap().to_owned();
    let page = world.get(&visitor(), &path).await.1;
    let file = link(&page, &format!("{}/files/", track(&path))).unwrap();
    assert_eq!(
        status(&world, &visitor(), &file).await,
        StatusCode::OK,
        "{}",
        world.engine
    );
    let of_other = file.replace(&track(&path), &track(&other));
    assert_ne!(of_other, file);
    assert_eq!(status(&world, &visitor(), &of_other).await, StatusCode::NOT_FOUND);
    // Dispatch sees the file with its message, too.
    assert!(
        world
            .content(&staff, &inside)
            .await
            .contains("data-testid=\"message-files\"")
    );
}
