//! Ways by road: a service that speaks as OSRM or Valhalla does is asked once, and never waited for.

use ordinavo_core::Engine;
use rstest::rstest;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::scheduling::board::{at, job, monday, move_page, press, technician};
use crate::support::{World, world_with, worlds_with};

/// How a service answers.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    /// Forty minutes and thirty kilometres from anywhere to anywhere.
    Fine,
    /// Not at all.
    Silent,
    /// With an error.
    Broken,
    /// With a table of another size.
    Confused,
    /// With no road near one of the places.
    Lost,
    /// As fine, but with no road near one place, about which it has no answer at all.
    Island,
    /// As fine, once it is let.
    Slow,
}

struct Service {
    mood: Mood,
    asked: AtomicUsize,
    let_go: tokio::sync::Semaphore,
}

async fn answer(State(service): State<Arc<Service>>, request: Request) -> Response {
    service.asked.fetch_add(1, Ordering::SeqCst);
    let path = request.uri().path().to_owned();
    let is_osrm = request.uri().path().contains("/table/v1/driving/");
    let (from, to) = if is_osrm {
        let count = |name: &str| {
            let query = request.uri().query().unwrap_or_default();
            let list = query.split('&').find_map(|pair| pair.strip_prefix(name)).unwrap();
            list.split(';').count()
        };
        (count("sources="), count("destinations="))
    } else {
        let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let count = |name: &str| body[name].as_array().unwrap().len();
        (count("sources"), count("targets"))
    };
    if service.mood == Mood::Slow {
        service.let_go.acquire().await.unwrap().forget();
    }
    let rows = |cell: Value| vec![vec![cell; to]; from];
    match service.mood {
        Mood::Silent => std::future::pending().await,
        Mood::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Mood::Confused => Json(json!({ "code": "Ok", "durations": [[1.0]], "distances": [] })).into_response(),
        Mood::Lost => (StatusCode::BAD_REQUEST, "{\"code\":\"NoSegment\"}").into_response(),
        Mood::Island if path.contains("7.89000,53.70000") => StatusCode::BAD_REQUEST.into_response(),
        Mood::Fine | Mood::Slow | Mood::Island if is_osrm => {
            Json(json!({ "code": "Ok", "durations": rows(json!(2_400.0)), "distances": rows(json!(30_000.0)) }))
                .into_response()
        }
        Mood::Fine | Mood::Slow | Mood::Island => {
            Json(json!({ "sources_to_targets": rows(json!({ "time": 2_400, "distance": 30.0 })) })).into_response()
        }
    }
}

async fn service(mood: Mood) -> (String, Arc<Service>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let service = Arc::new(Service {
        mood,
        asked: AtomicUsize::new(0),
        let_go: tokio::sync::Semaphore::new(0),
    });
    let routes = Router::new().fallback(answer).with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, service)
}

/// The page that asks before a second visit is planned after a first one.
async fn second_visit(world: &World) -> (reqwest::Client, String) {
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(world, "Tom Becker").await;
    let first = job(world, "ROADS-1", json!({})).await;
    let page = world.content(&staff, &move_page(&first, &tom, at(9, 0))).await;
    press(world, &staff, &page).await;
    let second = job(
        world,
        "ROADS-2",
        json!({ "coordinates": { "lat": 51.2277, "lon": 6.7735 } }),
    )
    .await;
    (staff, move_page(&second, &tom, at(10, 30)))
}

const NOTE: &str = "The road service has not told all ways";

#[tokio::test]
async fn what_the_service_says_counts_and_is_asked_once() {
    for speaks in ["osrm", "valhalla"] {
        let (address, service) = service(Mood::Fine).await;
        for world in worlds_with(monday(), |config| config.roads = format!("{speaks}+{address}")).await {
            let before = service.asked.load(Ordering::SeqCst);
            let (staff, path) = second_visit(&world).await;
            let page = world.content(&staff, &path).await;
            assert!(
                page.contains("40 min") && !page.contains(NOTE),
                "{speaks} {} {page}",
                world.engine
            );
            let asked = service.asked.load(Ordering::SeqCst);
            assert!(asked > before, "{speaks}");
            for _ in 0..3 {
                let page = world.content(&staff, &path).await;
                assert!(page.contains("40 min"), "{page}");
            }
            assert_eq!(
                service.asked.load(Ordering::SeqCst),
                asked,
                "what is known is not asked again"
            );
            // Half an hour is too little for forty minutes: told before, and told again by the form without it.
            assert!(page.contains("there are 30 min"), "{page}");
        }
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_stops_nobody() {
    for mood in [Mood::Silent, Mood::Broken, Mood::Confused, Mood::Lost] {
        let (address, service) = service(mood).await;
        for world in worlds_with(monday(), |config| config.roads = format!("osrm+{address}")).await {
            let (staff, path) = second_visit(&world).await;
            let page = world.content(&staff, &path).await;
            assert!(
                page.contains(NOTE) && page.contains("from TGT-"),
                "{} {page}",
                world.engine
            );
            assert!(!page.contains("40 min"), "{page}");
            let board = world.content(&staff, "/app/board?date=2027-02-16").await;
            assert!(board.contains(NOTE), "{board}");
            if mood != Mood::Silent {
                let asked = service.asked.load(Ordering::SeqCst);
                world.content(&staff, &path).await;
                assert_eq!(
                    service.asked.load(Ordering::SeqCst),
                    asked,
                    "it is left alone for a while"
                );
            }
            press(&world, &staff, &page).await;
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_place_without_a_road_takes_nothing_from_the_others(#[case] engine: Engine) {
    let (address, _) = service(Mood::Island).await;
    let Some(world) = world_with(engine, monday(), |config| config.roads = format!("osrm+{address}")).await else {
        return;
    };
    let staff = world.staff("nordlicht", "dispatcher").await;
    let tom = technician(&world, "Tom Becker").await;
    let island = job(
        &world,
        "ROADS-3",
        json!({ "coordinates": { "lat": 53.7, "lon": 7.89 } }),
    )
    .await;
    let page = world.content(&staff, &move_page(&island, &tom, at(15, 0))).await;
    press(&world, &staff, &page).await;
    let (staff, path) = second_visit(&world).await;
    let page = world.content(&staff, &path).await;
    assert!(page.contains("40 min"), "{} {page}", world.engine);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_comes_late_is_known_the_next_time(#[case] engine: Engine) {
    let (address, service) = service(Mood::Slow).await;
    let Some(world) = world_with(engine, monday(), |config| config.roads = format!("osrm+{address}")).await else {
        return;
    };
    let (staff, path) = second_visit(&world).await;
    let page = world.content(&staff, &path).await;
    assert!(page.contains(NOTE) && !page.contains("40 min"), "{page}");
    // More than it will be asked.
    service.let_go.add_permits(1_000);
    while !world.content(&staff, &path).await.contains("40 min") {
        tokio::task::yield_now().await;
    }
    service.let_go.forget_permits(service.let_go.available_permits());
}
