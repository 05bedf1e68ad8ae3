//! An S3 service that accepts requests and never answers: a download fails soon, and everything else goes on.

use std::time::{Duration, Instant};

use domain::ids::AttachmentId;
use reqwest::StatusCode;

use crate::support::SAME_ORIGIN;
use crate::support::installation::Installation;
use crate::support::raw::Raw;
use crate::support::s3::{Mode, S3};

const FILES_TIMEOUT: Duration = Duration::from_secs(2);
/// The time limit of the setting, a retry, and a slow machine.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(12);

#[tokio::test(flavor = "multi_thread")]
async fn download_from_silent_bucket_fails_within_time_limit() {
    let bucket = S3::start().await;
    let mut variables = bucket.variables();
    variables.push(("ORDINAVO_FILES_TIMEOUT", format!("{}s", FILES_TIMEOUT.as_secs())));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let installation = Installation::on_sqlite("silent-files").with(&variables);
    let book = installation.demo();
    let client = crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut server = installation.start(&client).await;
    let account = &book["tenants"][0]["staff"][2];
    let fields = [
        ("email", account["email"].as_str().unwrap()),
        ("password", account["password"].as_str().unwrap()),
    ];
    let signed_in = client
        .post(installation.url("/app/fn/sign-in"))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .form(&fields)
        .send()
        .await
        .unwrap();
    assert_eq!(signed_in.status(), StatusCode::SEE_OTHER);
    let raw = Raw::open(installation.database()).await;
    let attachments = raw
        .pairs("SELECT a.id, a.tenant_id FROM attachment AS a JOIN tenant AS t ON t.id = a.tenant_id WHERE t.slug = 'nordlicht' ORDER BY a.id")
        .await;
    raw.close().await;
    let file = installation.url(&format!("/app/files/{}", AttachmentId::from_uuid(attachments[0].0)));
    let get = async |url: &str| client.get(url).send().await.unwrap().status();
    assert_eq!(get(&file).await, StatusCode::OK);

    bucket.set(Mode::Hangs);
    let started = Instant::now();
    assert_eq!(get(&file).await, StatusCode::SERVICE_UNAVAILABLE);
    let elapsed = started.elapsed();
    assert!(elapsed < DOWNLOAD_LIMIT, "the download took {elapsed:?}");
    let page = installation.url("/app/inbox");
    assert_eq!(get(&page).await, StatusCode::OK);

    bucket.set(Mode::Normal);
    assert_eq!(get(&file).await, StatusCode::OK);
    server.kill().unwrap();
    server.wait().unwrap();
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
