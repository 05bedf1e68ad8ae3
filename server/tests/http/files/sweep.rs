//! The sweeper of a running server with files in a bucket.

use std::time::{Duration, Instant};

use crate::support::installation::Installation;
use crate::support::raw::Raw;
use crate::support::s3::S3;

#[tokio::test(flavor = "multi_thread")]
async fn file_without_record_is_deleted_from_bucket() {
    let bucket = S3::start().await;
    let variables = bucket.variables();
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let installation = Installation::on_sqlite("sweep").with(&variables);
    installation.demo();
    let raw = Raw::open(installation.database()).await;
    let keys = raw
        .texts("SELECT 'kept/' || lower(hex(tenant_id)) || '/' || lower(hex(content_hash)) FROM attachment ORDER BY 1")
        .await;
    let (deleted, kept) = keys.split_first().unwrap();
    let hash = deleted[0].rsplit('/').next().unwrap();
    raw.run(&format!(
        "PRAGMA defer_foreign_keys = ON; \
         DELETE FROM released_attachment WHERE attachment_id IN (SELECT id FROM attachment WHERE lower(hex(content_hash)) = '{hash}'); \
         DELETE FROM attachment WHERE lower(hex(content_hash)) = '{hash}'; \
         UPDATE blob SET touched_at = '2020-01-01T00:00:00+00:00'; \
         UPDATE blob SET state = 'pending' WHERE lower(hex(digest)) = '{hash}'"
    ))
    .await;
    raw.close().await;
    assert!(bucket.objects().contains_key(&deleted[0]));
    let mut server = installation.start(&crate::support::client()).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while bucket.objects().contains_key(&deleted[0]) && Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    let objects = bucket.objects();
    assert!(!objects.contains_key(&deleted[0]));
    for key in kept.iter().filter(|key| key[0] != deleted[0]) {
        assert!(objects.contains_key(&key[0]), "{}", key[0]);
    }
    server.kill().unwrap();
    server.wait().unwrap();
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
