//! The in-progress page: everything that is not completed, with required actions of the user first.

use crate::portal_access::access::{PASSWORD, access_page, browser, invite, location_field, send_parts, token};
use crate::requests::slot_offers::{monday, offer, offer_id, technicians};
use crate::support::{World, link, world_at};
use chrono::TimeDelta;
use ordinavo_core::Engine;
use reqwest::Client;
use rstest::rstest;

/// Returns the part of the page with required actions; empty if there is none.
fn required_actions(html: &str) -> &str {
    html.split("class=\"needs-you\"")
        .nth(1)
        .map_or("", |rest| rest.split("</section>").next().unwrap())
}

/// Submits a request for Essen Center and returns its portal path.
async fn submit(world: &World, person: &Client, description: &str) -> String {
    let form = world.content(person, "/portal/requests/new").await;
    let select = form.split("Essen Center").next().unwrap();
    let location = select
        .rsplit("value=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let fields = [
        ("location", location.as_str()),
        ("service_type", "repair"),
        ("description", description),
        ("nonce", description),
    ];
    send_parts(world, person, "/portal/fn/submit-request", &fields).await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn required_actions_are_shown_to_their_user_only(#[case] engine: Engine) {
    let clock = monday();
    let Some(world) = world_at(engine, clock.clone()).await else {
        return;
    };
    let begin = clock.now();
    let staff = world.staff("nordlicht", "dispatcher").await;
    let manager = world.staff("nordlicht", "manager").await;
    let petra = world.contact("nordlicht", "petra").await;
    let page = access_page(&world).await;
    let essen = location_field(&world.content(&manager, &page).await, "Essen Center");
    // A colleague who can see every request of the location.
    let fields = [
        ("name", "Ole Nix"),
        ("email", "ole.nix@rhein-ruhr-medical.example"),
        (essen.as_str(), "on"),
        ("may_all_requests", "on"),
        ("may_submit", "on"),
    ];
    let invitation = invite(&world, &manager, &page, &fields).await.unwrap();
    let colleague = browser();
    let accept = [("token", token(&invitation)), ("password", PASSWORD)];
    world.send(&colleague, "/portal/fn/accept-invitation", &accept).await;

    let before = world.content(&petra, "/portal/in-progress").await;
    let request = submit(&world, &petra, "The cold room hums at night").await;
    let id = request.rsplit('/').next().unwrap();
    for person in [&petra, &colleague] {
        assert!(
            world.content(person, "/portal/in-progress").await.contains(&request),
            "{}",
            world.engine
        );
    }
    assert!(!before.contains(&request) && !required_actions(&before).contains(id));
    // A question requires action from the requester only.
    let question = [("request", id), ("message", "Which room?"), ("asks", "on")];
    world.send_message(&staff, &question).await;
    for path in ["/portal", "/portal/in-progress"] {
        let html = world.content(&petra, path).await;
        assert!(
            required_actions(&html).contains(id) && required_actions(&html).contains("Answer our question"),
            "{path}"
        );
        assert!(
            !required_actions(&world.content(&colleague, path).await).contains(id),
            "{path}"
        );
    }
    let answer = [("request", id), ("answer", "The one in the cellar"), ("nonce", "a1")];
    send_parts(&world, &petra, "/portal/fn/answer-request", &answer).await;
    assert!(!required_actions(&world.content(&petra, "/portal").await).contains(id));

    // Offered times require action until one is chosen or they expire.
    world.send(&staff, "/app/fn/accept-request", &[("request", id)]).await;
    let target = world.send(&staff, "/app/fn/convert-request", &[("request", id)]).await;
    let technician = technicians(&world.content(&staff, &target).await).pop().unwrap();
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let html = world.content(&petra, "/portal").await;
    assert!(
        required_actions(&html).contains(id) && required_actions(&html).contains("Choose a time"),
        "{}",
        world.engine
    );
    assert!(!required_actions(&world.content(&colleague, "/portal").await).contains(id));
    clock.advance(TimeDelta::hours(25));
    let staff = world.staff("nordlicht", "dispatcher").await;
    let petra = world.contact("nordlicht", "petra").await;
    assert!(
        !required_actions(&world.content(&petra, "/portal").await).contains(id),
        "the offer has expired"
    );
    offer(
        &world,
        &staff,
        &target,
        &technician,
        ["2026-12-08", "2026-12-09"],
        "13:00",
    )
    .await;
    let html = world.content(&petra, &request).await;
    let choice = [("request", id), ("offer", &offer_id(&html)), ("position", "1")];
    world.send(&petra, "/portal/fn/choose-slot", &choice).await;
    let open = world.content(&petra, "/portal/in-progress").await;
    assert!(
        !required_actions(&open).contains(id) && open.contains(&request) && open.contains("8 Dec"),
        "{open}"
    );
    // A completed job is not in progress; its request is among the recent ones and in the list of all requests. A visit that was
    // not completed leaves it open.
    let target_id = target.rsplit('/').next().unwrap();
    let number = target_id.parse::<domain::ids::TargetId>().unwrap().uuid();
    let literal = if world.engine == "sqlite" {
        format!("X'{}'", number.simple())
    } else {
        format!("'{number}'")
    };
    world
        .sql(&format!(
            "UPDATE target SET status = 'not_completed' WHERE id = {literal}"
        ))
        .await;
    assert!(world.content(&petra, "/portal/in-progress").await.contains(&request));
    world
        .sql(&format!("UPDATE target SET status = 'completed' WHERE id = {literal}"))
        .await;
    let home = world.content(&petra, "/portal").await;
    let recent = home.split("data-testid=\"recent-requests\"").nth(1).unwrap();
    assert!(
        recent.split("</section>").next().unwrap().contains(&request),
        "{}",
        world.engine
    );
    assert!(!world.content(&petra, "/portal/in-progress").await.contains(&request));
    assert!(world.content(&petra, "/portal/requests").await.contains(&request));
    clock.advance(begin - clock.now());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn follow_up_and_history_links_lead_to_all_entries(#[case] engine: Engine) {
    let Some(world) = world_at(engine, monday()).await else {
        return;
    };
    let petra = world.contact("nordlicht", "petra").await;
    let html = world.content(&petra, "/portal/follow-ups").await;
    let report = link(&html, "/portal/reports/rel_").expect("follow-up links to its report");
    assert!(
        world.content(&petra, &report).await.contains(">Follow-up<"),
        "{}",
        world.engine
    );
    // More entries than fit on one page of the history.
    let copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)";
    let id = if world.engine == "sqlite" {
        "randomblob(16)"
    } else {
        "gen_random_uuid()"
    };
    let own = "(SELECT customer_id FROM portal_grant g JOIN portal_account a ON a.tenant_id = g.tenant_id AND a.id = g.portal_account_id WHERE a.email LIKE 'petra.%' LIMIT 1)";
    world
        .sql(&format!(
            "{copies} INSERT INTO timeline_entry (tenant_id, id, at, kind, customer_id, location_id, target_id, request_id, actor) \
             SELECT e.tenant_id, {id}, e.at, e.kind, e.customer_id, e.location_id, e.target_id, e.request_id, e.actor FROM n, \
             (SELECT * FROM timeline_entry WHERE kind = 'report_shared' AND tenant_id = (SELECT id FROM tenant WHERE slug = 'nordlicht') \
               AND customer_id = {own} LIMIT 1) e"
        ))
        .await;
    let count = |html: &str| html.matches("<time").count();
    let mut path = "/portal/timeline".to_owned();
    let (mut pages, mut entries) = (0, 0);
    loop {
        let html = world.content(&petra, &path).await;
        pages += 1;
        entries += count(&html);
        match link(&html, "/portal/timeline?before=") {
            Some(next) => path = next.replace("&amp;", "&"),
            None => break,
        }
    }
    assert!(pages > 2 && entries > 120, "{} {pages} {entries}", world.engine);
}
