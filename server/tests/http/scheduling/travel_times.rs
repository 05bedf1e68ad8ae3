//! Travel times from a routing service that speaks the OSRM or Valhalla protocol: requested once, and never blocking.

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

/// Behavior of the routing service.
#[derive(Clone, Copy, PartialEq)]
enum Behavior {
    /// 40 minutes and 30 km between any two locations.
    Fine,
    /// Never responds.
    Silent,
    /// Responds with an error.
    Broken,
    /// Responds with a table of the wrong size.
    Confused,
    /// Reports that there is no road near a location.
    Lost,
    /// Like [`Behavior::Fine`], but responds with an error if one remote location is included.
    Island,
    /// Like [`Behavior::Fine`], but only after a permit is released.
    Slow,
}

struct Service {
    behavior: Behavior,
    request_count: AtomicUsize,
    permits: tokio::sync::Semaphore,
}

async fn respond(State(service): State<Arc<Service>>, request: Request) -> Response {
    service.request_count.fetch_add(1, Ordering::SeqCst);
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
    if service.behavior == Behavior::Slow {
        service.permits.acquire().await.unwrap().forget();
    }
    let rows = |cell: Value| vec![vec![cell; to]; from];
    match service.behavior {
        Behavior::Silent => std::future::pending().await,
        Behavior::Broken => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Behavior::Confused => Json(json!({ "code": "Ok", "durations": [[1.0]], "distances": [] })).into_response(),
        Behavior::Lost => (StatusCode::BAD_REQUEST, "{\"code\":\"NoSegment\"}").into_response(),
        Behavior::Island if path.contains("7.89000,53.70000") => StatusCode::BAD_REQUEST.into_response(),
        Behavior::Fine | Behavior::Slow | Behavior::Island if is_osrm => {
            Json(json!({ "code": "Ok", "durations": rows(json!(2_400.0)), "distances": rows(json!(30_000.0)) }))
                .into_response()
        }
        Behavior::Fine | Behavior::Slow | Behavior::Island => {
            Json(json!({ "sources_to_targets": rows(json!({ "time": 2_400, "distance": 30.0 })) })).into_response()
        }
    }
}

async fn service(behavior: Behavior) -> (String, Arc<Service>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let service = Arc::new(Service {
        behavior,
        request_count: AtomicUsize::new(0),
        permits: tokio::sync::Semaphore::new(0),
    });
    let routes = Router::new().fallback(respond).with_state(service.clone());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, service)
}

/// Schedules a first visit and returns the page that schedules a second one after it.
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

const ESTIMATE_NOTE: &str = "Road data is incomplete";

#[tokio::test]
async fn travel_time_from_service_is_used_and_cached() {
    for protocol in ["osrm", "valhalla"] {
        let (address, service) = service(Behavior::Fine).await;
        for world in worlds_with(monday(), |config| config.roads = format!("{protocol}+{address}")).await {
            let before = service.request_count.load(Ordering::SeqCst);
            let (staff, path) = second_visit(&world).await;
            let page = world.content(&staff, &path).await;
            assert!(
                page.contains("40 min") && !page.contains(ESTIMATE_NOTE),
                "{protocol} {} {page}",
                world.engine
            );
            let request_count = service.request_count.load(Ordering::SeqCst);
            assert!(request_count > before, "{protocol}");
            for _ in 0..3 {
                let page = world.content(&staff, &path).await;
                assert!(page.contains("40 min"), "{page}");
            }
            assert_eq!(
                service.request_count.load(Ordering::SeqCst),
                request_count,
                "cached travel times are requested again"
            );
            // 30 minutes are available for a trip of 40 minutes.
            assert!(page.contains("available: 30 min"), "{page}");
        }
    }
}

#[tokio::test]
async fn failing_routing_service_falls_back_to_estimates() {
    for behavior in [Behavior::Silent, Behavior::Broken, Behavior::Confused, Behavior::Lost] {
        let (address, service) = service(behavior).await;
        for world in worlds_with(monday(), |config| config.roads = format!("osrm+{address}")).await {
            let (staff, path) = second_visit(&world).await;
            let page = world.content(&staff, &path).await;
            assert!(
                page.contains(ESTIMATE_NOTE) && page.contains("from J-"),
                "{} {page}",
                world.engine
            );
            assert!(!page.contains("40 min"), "{page}");
            let board = world.content(&staff, "/app/board?date=2027-02-16").await;
            assert!(board.contains(ESTIMATE_NOTE), "{board}");
            if behavior != Behavior::Silent {
                let request_count = service.request_count.load(Ordering::SeqCst);
                world.content(&staff, &path).await;
                assert_eq!(
                    service.request_count.load(Ordering::SeqCst),
                    request_count,
                    "a failed service is paused"
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
async fn location_without_road_does_not_affect_other_travel_times(#[case] engine: Engine) {
    let (address, _) = service(Behavior::Island).await;
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
async fn late_travel_times_are_used_on_next_request(#[case] engine: Engine) {
    let (address, service) = service(Behavior::Slow).await;
    let Some(world) = world_with(engine, monday(), |config| config.roads = format!("osrm+{address}")).await else {
        return;
    };
    let (staff, path) = second_visit(&world).await;
    let page = world.content(&staff, &path).await;
    assert!(page.contains(ESTIMATE_NOTE) && !page.contains("40 min"), "{page}");
    // More permits than requests.
    service.permits.add_permits(1_000);
    while !world.content(&staff, &path).await.contains("40 min") {
        tokio::task::yield_now().await;
    }
    service.permits.forget_permits(service.permits.available_permits());
}
