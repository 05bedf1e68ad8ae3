//! The proxy configurations of README and `packaging/` in front of a real server: live updates arrive, the address of the
//! client is seen, uploads pass.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use domain::intake::proof;
use ordinavo_core::Engine;
use ordinavo_core::clock::Clock;
use reqwest::multipart::{Form, Part};
use reqwest::{ClientBuilder, StatusCode};

use crate::support::installation::free_port;
use crate::support::public::COMPLETE;
use crate::support::{SAME_ORIGIN, World, link, world_with};

const README: &str = include_str!("../../../../README.md");
const NGINX: &str = include_str!("../../../../packaging/nginx/ordinavo.conf");
const CADDY: &str = include_str!("../../../../packaging/caddy/Caddyfile");
const HOST: &str = "service.example.org";

/// A running proxy with its configuration in a folder of its own.
struct Proxy {
    process: Child,
    folder: PathBuf,
    base: String,
    port: u16,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // nginx stops its worker process on SIGTERM only.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

fn new_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("ordinavo-proxy-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes a certificate for the host and returns the paths of certificate and key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let created = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj"])
        .arg(format!("/CN={HOST}"))
        .arg("-out")
        .arg(&certificate)
        .arg("-keyout")
        .arg(&key)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(created.success());
    (certificate, key)
}

/// Starts nginx with the server blocks of a site, on free ports and with a certificate of its own.
fn start_nginx(name: &str, site: &str, upstream: u16) -> Option<Proxy> {
    let nginx = program("nginx")?;
    let folder = new_folder(name);
    let (certificate, key) = certificate(&folder);
    let port = free_port();
    let listen = format!(
        "listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {};",
        certificate.display(),
        key.display()
    );
    let is_certificate = |line: &&str| line.trim_start().starts_with("ssl_certificate");
    let site: String = site
        .lines()
        .filter(|line| !is_certificate(line))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let site = site
        .replace("listen 443 ssl http2;", &listen)
        .replace("listen 443 ssl;", &listen)
        .replace("listen 80;", &format!("listen 127.0.0.1:{};", free_port()))
        .replace("127.0.0.1:3000", &format!("127.0.0.1:{upstream}"));
    assert!(
        site.contains(&listen) && site.contains(&format!("127.0.0.1:{upstream}")),
        "{site}"
    );
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.display()))
        .collect();
    let config = format!(
        "user root;\nworker_processes 1;\ndaemon off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\n\
         http {{\naccess_log off;\n{temporary}{site}}}\n",
        folder.display()
    );
    let path = folder.join("nginx.conf");
    std::fs::write(&path, config).unwrap();
    let command = |arguments: &[&str]| {
        let mut command = Command::new(&nginx);
        command.args(arguments).arg("-c").arg(&path).arg("-p").arg(&folder);
        command
    };
    let test = command(&["-t"]).output().unwrap();
    assert!(test.status.success(), "{}", String::from_utf8_lossy(&test.stderr));
    Some(Proxy {
        process: command(&[]).stderr(Stdio::null()).spawn().unwrap(),
        folder,
        base: format!("https://{HOST}:{port}"),
        port,
    })
}

fn start_caddy(upstream: u16) -> Option<Proxy> {
    let caddy = program("caddy")?;
    let folder = new_folder("caddy");
    let port = free_port();
    let path = folder.join("Caddyfile");
    let (certificate, key) = certificate(&folder);
    let tls = format!("\ttls {} {}\n\trequest_body", certificate.display(), key.display());
    let site = CADDY.replacen("\trequest_body", &tls, 1);
    assert!(site.contains(&tls));
    std::fs::write(&path, format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}")).unwrap();
    let process = Command::new(caddy)
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(&path)
        .env("ORDINAVO_HOST", format!("https://{HOST}:{port}"))
        .env("ORDINAVO_UPSTREAM", format!("127.0.0.1:{upstream}"))
        .env("HOME", &folder)
        .env("XDG_DATA_HOME", &folder)
        .env("XDG_CONFIG_HOME", &folder)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Some(Proxy {
        process,
        folder,
        base: format!("https://{HOST}:{port}"),
        port,
    })
}

/// Returns the nginx block of the README.
fn readme_block() -> &'static str {
    let (_, rest) = README.split_once("```nginx\n").expect("README has an nginx block");
    rest.split("```").next().unwrap()
}

fn client(proxy: &Proxy, last_octet: u8) -> ClientBuilder {
    crate::support::client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .danger_accept_invalid_certs(true)
        .local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 0, last_octet)))
        .resolve(HOST, SocketAddr::from(([127, 0, 0, 1], proxy.port)))
}

async fn wait_until_up(proxy: &Proxy) {
    let client = client(proxy, 1).build().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !client
        .get(format!("{}/healthz", proxy.base))
        .send()
        .await
        .is_ok_and(|answer| answer.status() == StatusCode::OK)
    {
        assert!(Instant::now() < deadline, "the proxy does not answer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn check_live_updates(world: &World, proxy: &Proxy) {
    let browser = client(proxy, 2).cookie_store(true).build().unwrap();
    let account = world.tenant("nordlicht").staff("dispatcher").unwrap();
    let post = async |path: &str, fields: &[(&str, &str)]| {
        browser
            .post(format!("{}{path}", proxy.base))
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .header("accept", "text/html")
            .form(fields)
            .send()
            .await
            .unwrap()
            .status()
    };
    let fields = [
        ("email", account.email.as_str()),
        ("password", account.password.as_str()),
    ];
    assert_eq!(post("/app/fn/sign-in", &fields).await, StatusCode::SEE_OTHER);
    let get = async |path: &str| browser.get(format!("{}{path}", proxy.base)).send().await.unwrap();
    let inbox = get("/app/inbox").await.text().await.unwrap();
    let request = link(&inbox, "/app/inbox/req_").unwrap();
    let id = request.rsplit('/').next().unwrap();
    let mut stream = get(&format!("/app/live?request={id}")).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut next = async |text: &str| {
        let arrived = async {
            loop {
                let chunk = stream.chunk().await.unwrap().expect("the stream is open");
                if String::from_utf8_lossy(&chunk).contains(text) {
                    return;
                }
            }
        };
        let limit = Duration::from_secs(10);
        assert!(
            tokio::time::timeout(limit, arrived).await.is_ok(),
            "{text} does not arrive"
        );
    };
    next(": here").await;
    let noted = post("/app/fn/add-note", &[("request", id), ("note", "Checked")]).await;
    assert_eq!(noted, StatusCode::SEE_OTHER);
    next("event: changed").await;
}

/// The rate limit for access tokens counts by the address of the client, whatever the client claims.
async fn check_client_address(proxy: &Proxy) {
    let ask = async |last_octet: u8, claimed: &str| {
        client(proxy, last_octet)
            .build()
            .unwrap()
            .post(format!("{}/api/v1/oauth/token", proxy.base))
            .header("x-forwarded-for", claimed)
            .form(&[("grant_type", "client_credentials")])
            .send()
            .await
            .unwrap()
            .status()
    };
    let mut statuses = Vec::new();
    for attempt in 0..12 {
        statuses.push(ask(3, &format!("198.51.100.{attempt}")).await);
    }
    assert!(statuses.contains(&StatusCode::TOO_MANY_REQUESTS), "{statuses:?}");
    assert_ne!(ask(4, "127.0.0.3").await, StatusCode::TOO_MANY_REQUESTS);
}

async fn check_upload(world: &World, proxy: &Proxy) {
    let ticket = world.ticket("nordlicht-service").await;
    world.core.clock().advance(TimeDelta::seconds(5));
    let number = proof::search(&ticket, 0, u64::from(u32::MAX)).unwrap();
    let mut form = Form::new().text("ticket", ticket).text("proof", number.to_string());
    for (name, value) in COMPLETE {
        form = form.text(name, value);
    }
    // More than the 1 MB that nginx accepts by default.
    let mut plan = b"%PDF-1.7 ".to_vec();
    plan.resize(4 * 1024 * 1024, b'x');
    let part = Part::bytes(plan)
        .file_name("plan.pdf")
        .mime_str("application/pdf")
        .unwrap();
    let answer = client(proxy, 2)
        .build()
        .unwrap()
        .post(format!("{}/intake/nordlicht-service", proxy.base))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .header("accept", "text/html")
        .multipart(form.part("files", part))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert!(answer.headers()["location"].to_str().unwrap().contains("/track/"));
}

async fn check(start: impl FnOnce(u16) -> Option<Proxy>) {
    let world: Arc<World> = world_with(Engine::Sqlite, Clock::manual(Clock::system().now()), |config| {
        config.public_url = format!("https://{HOST}");
        config.trusted_proxies = "127.0.0.1/32".to_owned();
        config.api_rate_address = "1/5".to_owned();
    })
    .await
    .expect("SQLite is available");
    let upstream = world.url.rsplit(':').next().unwrap().parse().unwrap();
    let Some(proxy) = start(upstream) else { return };
    wait_until_up(&proxy).await;
    check_live_updates(&world, &proxy).await;
    check_client_address(&proxy).await;
    check_upload(&world, &proxy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readme_nginx_block_passes_live_updates_addresses_and_uploads() {
    check(|upstream| start_nginx("readme", readme_block(), upstream)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packaged_nginx_site_passes_live_updates_addresses_and_uploads() {
    check(|upstream| start_nginx("site", NGINX, upstream)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn packaged_caddyfile_passes_live_updates_addresses_and_uploads() {
    check(start_caddy).await;
}
