//! What the requester sent, at the stop and on the page of the job: name, phone, photos, and messages that came later.

use crate::requests::slot_offers::accepted_job;
use crate::scheduling::board::{monday, technician};
use crate::support::public::{COMPLETE, png, visitor};
use crate::support::{SAME_ORIGIN, link, world_at};
use ordinavo_core::Engine;
use reqwest::StatusCode;
use rstest::rstest;

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn stop_shows_requester_photos_and_later_messages(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = world.staff("nordlicht", "technician").await;
    let mut fields = COMPLETE.to_vec();
    fields[1] = ("description", "Gamma leak");
    fields.retain(|(name, _)| *name != "phone");
    fields.push(("phone", "0201/5550 123"));
    let files = [("cellar.png", "image/png", png())];
    let (target, tracking) = accepted_job(&world, &staff, &fields, &files, "Gamma leak").await;
    let id = target.rsplit('/').next().unwrap().to_owned();
    let job_page = world.content(&staff, &target).await;
    let tom_id = technician(&world, "Tom Becker").await;
    let schedule = [
        ("target", id.as_str()),
        ("technician", tom_id.as_str()),
        ("date", "2026-11-24"),
        ("start", "10:00"),
        ("end", "11:00"),
        ("shared", "on"),
    ];
    // A file of a visit that is not the technician's is not found.
    let staff_file = link(&job_page, "/app/files/att_").unwrap();
    let own_file = staff_file.replace("/app/files/", "/app/day/files/");
    assert_eq!(world.get(&tom, &own_file).await.0, StatusCode::NOT_FOUND);
    world.schedule_anyway(&staff, &schedule).await;

    for (browser, path) in [(&staff, target.clone()), (&tom, format!("/app/day/{id}"))] {
        let page = world.content(browser, &path).await;
        let card = page
            .split("data-testid=\"requester\"")
            .nth(1)
            .unwrap_or_else(|| panic!("{path}: {page}"));
        assert!(
            card.contains("0201/5550 123") && card.contains("tel:+492015550123"),
            "{path}: {card}"
        );
        assert!(
            card.contains("gallery-picture") && card.contains("Mona Haddad"),
            "{path}"
        );
    }
    assert_eq!(world.get(&tom, &own_file).await.0, StatusCode::OK, "{}", world.engine);
    assert_eq!(world.get(&staff, &own_file).await.0, StatusCode::NOT_FOUND);
    assert!(
        world
            .content(&tom, "/app/day/sheet?date=2026-11-24")
            .await
            .contains(&own_file)
    );
    // The technician of another tenant does not see it either.
    let stranger = world.staff("suedwind", "technician").await;
    assert_eq!(world.get(&stranger, &own_file).await.0, StatusCode::NOT_FOUND);

    // A door code that comes later reaches both, and marks the stop.
    let (_, page) = world.get(&visitor(), &tracking).await;
    let nonce = crate::support::forms::hidden(&page, "nonce").unwrap();
    world.core.clock().advance(chrono::TimeDelta::minutes(1));
    let answer = visitor()
        .post(format!("{}{tracking}/answer", world.url))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .multipart(
            reqwest::multipart::Form::new()
                .text("answer", "The door code is 4711.")
                .text("nonce", nonce),
        )
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    for (browser, path) in [(&staff, target), (&tom, format!("/app/day/{id}"))] {
        let page = world.content(browser, &path).await;
        assert!(page.contains("The door code is 4711."), "{path}: {page}");
    }
    let day = world.content(&tom, "/app/day?date=2026-11-24").await;
    assert!(
        day.contains("data-change=\"new\"") || day.contains("data-change=\"message\""),
        "{day}"
    );

    // A file that staff send to the requester is not one of the visit.
    let inside = link(&job_page, "/app/inbox/req_").unwrap();
    let inside = inside.split('?').next().unwrap();
    let plan = reqwest::multipart::Part::bytes(b"%PDF-1.7 of the team".to_vec()).file_name("plan.pdf");
    let form = reqwest::multipart::Form::new()
        .text("request", inside.rsplit('/').next().unwrap().to_owned())
        .text("message", "The plan is attached.")
        .part("files", plan);
    world.send_multipart(&staff, "/app/fn/send-message", form).await;
    let page = world.content(&staff, inside).await;
    let before = page.split("plan.pdf").next().unwrap();
    let file = before.rsplit("/app/files/").next().unwrap().split('"').next().unwrap();
    let path = format!("/app/day/files/{file}");
    assert_eq!(
        world.get(&tom, &path).await.0,
        StatusCode::NOT_FOUND,
        "{}",
        world.engine
    );
    for path in [format!("/app/day/{id}"), "/app/day/sheet?date=2026-11-24".to_owned()] {
        assert!(!world.content(&tom, &path).await.contains(file), "{path}");
    }
}
