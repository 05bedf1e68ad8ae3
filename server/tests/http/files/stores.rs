//! Files in an S3 bucket: the real binary with a moto server (PyPI) on loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::SAME_ORIGIN;
use crate::support::forms::hidden;
use crate::support::installation::Installation;
use crate::support::public::COMPLETE;
use domain::intake::proof;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

const S3: &str = r#"
import socket, sys
from moto.server import ThreadedMotoServer
listener = socket.socket(); listener.bind(("127.0.0.1", 0)); port = listener.getsockname()[1]; listener.close()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
server.start()
import boto3
client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", aws_access_key_id="a", aws_secret_access_key="b", region_name="us-east-1")
client.create_bucket(Bucket="files")
print(port, flush=True)
for line in sys.stdin:
    print(",".join(sorted(item["Key"] for item in client.list_objects_v2(Bucket="files").get("Contents", []))), flush=True)
"#;

#[tokio::test(flavor = "multi_thread")]
async fn form_file_is_stored_in_bucket_and_downloaded() {
    let Ok(python) = std::env::var("ORDINAVO_TEST_PYTHON") else {
        eprintln!("skipped: no Python with moto");
        return;
    };
    let mut bucket = Command::new(python)
        .args(["-c", S3])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(bucket.stdout.take().unwrap()).lines();
    let port = output.next().expect("moto server starts").unwrap();
    let installation = Installation::on_sqlite("bucket").with(&[
        ("ORDINAVO_FILES", "s3://files/kept"),
        ("AWS_ENDPOINT", &format!("http://127.0.0.1:{port}")),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
    ]);
    let book = installation.command(&["demo", "--json", "--small"]).output().unwrap();
    let book: Value = serde_json::from_slice(&book.stdout).unwrap();
    let client = crate::support::client_builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let mut server = installation.start(&client).await;

    let page = client
        .get(installation.url("/intake/nordlicht-service"))
        .send()
        .await
        .unwrap();
    let ticket = hidden(&page.text().await.unwrap(), "ticket").unwrap();
    let number = proof::search(&ticket, 0, u64::from(u32::MAX)).unwrap();
    let plan = b"%PDF-1.7 a plan of the cellar".to_vec();
    let send = async || {
        let mut form = Form::new()
            .text("ticket", ticket.clone())
            .text("proof", number.to_string());
        for (name, value) in COMPLETE {
            form = form.text(name, value);
        }
        let part = Part::bytes(plan.clone())
            .file_name("plan.pdf")
            .mime_str("application/pdf")
            .unwrap();
        client
            .post(installation.url("/intake/nordlicht-service"))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .multipart(form.part("files", part))
            .send()
            .await
            .unwrap()
            .status()
    };
    // Submitting within three seconds is rejected as too fast; retry until the server accepts the form.
    let deadline = Instant::now() + Duration::from_secs(30);
    let mut sent = send().await;
    while sent == StatusCode::UNPROCESSABLE_ENTITY && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(500)).await;
        sent = send().await;
    }
    assert_eq!(sent, StatusCode::SEE_OTHER);
    bucket.stdin.as_mut().unwrap().write_all(b"list\n").unwrap();
    let keys = output.next().unwrap().unwrap();
    assert!(
        keys.split(',').all(|key| key.starts_with("kept/")) && !keys.is_empty(),
        "{keys}"
    );

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
    let get = async |path: &str| {
        client
            .get(installation.url(path))
            .header("accept", "text/html")
            .send()
            .await
            .unwrap()
    };
    let list = get("/app/inbox?q=lift+stands+still+between+two")
        .await
        .text()
        .await
        .unwrap();
    let request = crate::support::link(&list, "/app/inbox/req_")
        .unwrap()
        .replace("&amp;", "&");
    let page = get(&request).await.text().await.unwrap();
    let file = crate::support::link(&page, "/app/files/att_").unwrap();
    let download = get(&file).await;
    assert_eq!(download.status(), StatusCode::OK);
    assert_eq!(download.bytes().await.unwrap().as_ref(), plan.as_slice());
    let _ = server.kill();
    let _ = bucket.kill();
    let _ = (server.wait(), bucket.wait());
}
