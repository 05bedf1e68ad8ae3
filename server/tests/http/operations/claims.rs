//! A worker that stops gives its claims back: another one goes on without waiting for them to expire. The clock stands still.

use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::suggestions::run as planner;
use reqwest::StatusCode;
use rstest::rstest;
use serde_json::json;

use crate::support::receiver::{Receiver, Reply};
use crate::support::world_with;

fn still() -> Clock {
    #[expect(clippy::disallowed_methods, reason = "the manual clock starts at the system time")]
    Clock::manual(chrono::Utc::now())
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn worker_stopped_with_claims_gives_them_back(#[case] engine: Engine) {
    let Some(world) = world_with(engine, still(), |config| config.worker = false).await else {
        return;
    };
    let stop = || std::future::ready(());

    let (status, job) = world
        .batch("erp", "stop", &json!({ "items": [{ "externalId": "STOP-1" }] }))
        .await;
    assert_eq!(status, StatusCode::ACCEPTED, "{job}");
    assert!(importer::run_next_until(&world.core, stop()).await.unwrap());
    while importer::run_next(&world.core).await.unwrap() {}
    assert_eq!(world.wait_for_job("erp", &job).await["status"], "completed");

    let dispatcher = world.staff("nordlicht", "dispatcher").await;
    world
        .send(&dispatcher, "/app/fn/suggest-routes", &[("date", "2027-02-16")])
        .await;
    assert!(planner::run_next_until(&world.core, stop()).await.unwrap());
    assert!(
        planner::run_next(&world.core).await.unwrap(),
        "the suggestion is queued again"
    );
    assert!(!planner::run_next(&world.core).await.unwrap());

    let receiver = Receiver::start().await;
    world
        .endpoint("erp", &receiver.url, &["target.created"], json!({}))
        .await;
    receiver.next([Reply {
        hangs: true,
        ..Reply::status(204)
    }]);
    world.new_target("STOP-2").await;
    let mut stopping = world.dispatcher();
    assert_eq!(stopping.turn().await.unwrap().claimed, 1);
    receiver.wait_for(1).await;
    stopping.release().await.unwrap();
    world.settle().await;
    assert_eq!(receiver.received().len(), 2);
    receiver.release();
}
