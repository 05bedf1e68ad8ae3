//! Old imports are deleted; what they created, and what waits for mapping, stays.

use crate::support::{World, world};
use domain::ids::ImportJobId;
use ordinavo_core::{Engine, imports};
use reqwest::{Method, StatusCode};
use rstest::rstest;
use serde_json::json;

async fn status(world: &World, path: &str) -> StatusCode {
    world.call("erp", Method::GET, path, None).await.0
}

async fn import_job(world: &World, external_id: &str) -> String {
    let query = format!("SELECT job_id, id FROM import_item WHERE external_id = '{external_id}'");
    let (job, _) = world.pairs(&query).await[0];
    format!("/api/v1/import-jobs/{}", ImportJobId::from_uuid(job))
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn import_older_than_retention_is_deleted_unless_it_waits_for_mapping(#[case] engine: Engine) {
    let Some(world) = world(engine).await else { return };
    let known = json!({ "externalId": "OLD-1", "customer": { "externalId": "CUST-10042" } });
    let (_, mapped) = world.import("erp", &known).await;
    let unknown = json!({ "externalId": "OLD-2", "customer": { "externalId": "NO-SUCH-CUSTOMER" } });
    world.import("erp", &unknown).await;
    let target = format!("/api/v1/targets/{}", mapped["targetId"].as_str().unwrap());
    let old = import_job(&world, "OLD-1").await;
    let kept = import_job(&world, "OLD-2").await;
    assert_eq!(imports::purge_old(&world.core).await.unwrap(), 0, "{engine:?}");
    assert_eq!(status(&world, &old).await, StatusCode::OK);
    world
        .sql(
            "UPDATE import_job SET created_at = '2020-01-01T00:00:00+00:00', finished_at = '2020-01-01T00:00:00+00:00'",
        )
        .await;
    assert!(imports::purge_old(&world.core).await.unwrap() > 0);
    assert_eq!(status(&world, &old).await, StatusCode::NOT_FOUND);
    assert_eq!(
        status(&world, &kept).await,
        StatusCode::OK,
        "the review shows what was sent"
    );
    assert_eq!(status(&world, &target).await, StatusCode::OK, "the job stays");
    assert_eq!(world.import("erp", &known).await.1["outcome"], "unchanged");
}
