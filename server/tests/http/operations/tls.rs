//! TLS without a reverse proxy, on the real binary.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Certificate, Client, StatusCode, Version};

use crate::support::acme::Acme;
use crate::support::installation::{Installation, Process, free_port};
use crate::support::{SAME_ORIGIN, client_builder};

const HOST: &str = "service.example.org";

struct Secured {
    installation: Installation,
    port: u16,
    redirect_port: u16,
    ops_port: u16,
}

impl Secured {
    /// Prepares an installation whose certificate is in its folder.
    fn new(name: &str) -> Self {
        let (port, redirect_port, ops_port) = (free_port(), free_port(), free_port());
        let installation = Installation::on_sqlite(name);
        let file = |name: &str| installation.folder.join(name).display().to_string();
        let variables = [
            ("ORDINAVO_LISTEN", format!("127.0.0.1:{port}")),
            ("ORDINAVO_OPS_LISTEN", format!("127.0.0.1:{ops_port}")),
            ("ORDINAVO_REDIRECT_LISTEN", format!("127.0.0.1:{redirect_port}")),
            ("ORDINAVO_PUBLIC_URL", format!("https://{HOST}:{port}")),
            ("ORDINAVO_TLS_CERTIFICATE", file("certificate.pem")),
            ("ORDINAVO_TLS_KEY", file("key.pem")),
        ];
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Self {
            installation: installation.another_server().with(&variables),
            port,
            redirect_port,
            ops_port,
        }
    }

    /// Returns a client that trusts one certificate.
    fn client(&self, trusted: &str) -> Client {
        client_builder()
            .tls_certs_only([Certificate::from_pem(trusted.as_bytes()).unwrap()])
            .resolve(HOST, SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)))
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .cookie_store(true)
            .build()
            .unwrap()
    }

    /// Writes a new certificate that ends in some days and returns a client that trusts no other.
    fn write_certificate(&self, days: i64) -> Client {
        self.write_certificate_between(-60, days)
    }

    /// Writes a new certificate that is valid between two days, counted from now.
    fn write_certificate_between(&self, first: i64, last: i64) -> Client {
        let mut parameters = rcgen::CertificateParams::new([HOST.to_owned()]).unwrap();
        let now = std::time::SystemTime::now();
        let day = |days: i64| {
            let length = Duration::from_secs(days.unsigned_abs() * 86_400);
            if days < 0 { now - length } else { now + length }
        };
        parameters.not_before = day(first).into();
        parameters.not_after = day(last).into();
        let key = rcgen::KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        self.write("certificate.pem", &certificate.pem());
        self.write("key.pem", &key.serialize_pem());
        self.client(&certificate.pem())
    }

    /// Writes a file that only its owner reads, as keys must be.
    fn write(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;

        let file = self.installation.folder.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn url(&self, path: &str) -> String {
        format!("https://{HOST}:{}{path}", self.port)
    }

    fn start(&self) -> Process {
        let mut command = self.installation.command(&["serve"]);
        Process(command.stdout(Stdio::null()).spawn().unwrap())
    }

    /// Waits until a condition holds.
    async fn waits_for(&self, condition: impl Fn() -> bool) {
        let holds = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), holds).await.unwrap();
    }

    /// Returns why the server is not ready, by its address for monitoring.
    async fn failures(&self) -> Vec<String> {
        let answer = client_builder().build().unwrap();
        let answer = answer.get(format!("http://127.0.0.1:{}/readyz", self.ops_port)).send();
        let answer: serde_json::Value = answer.await.unwrap().json().await.unwrap();
        let failures = answer["failures"].as_array().cloned().unwrap_or_default();
        failures
            .iter()
            .map(|failure| failure.as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until a client that trusts one certificate is answered.
    async fn answers(&self, client: &Client) {
        let answered = async {
            while client.get(self.url("/readyz")).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), answered).await.unwrap();
    }
}

fn reload(server: &Process) {
    let sent = std::process::Command::new("kill")
        .args(["-HUP", &server.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[tokio::test]
async fn server_with_certificate_serves_https_and_replaces_certificate() {
    let secured = Secured::new("tls");
    let first = secured.write_certificate(90);
    let accounts = secured.installation.demo();
    let server = secured.start();
    secured.answers(&first).await;

    let page = first.get(secured.url("/app/sign-in")).send().await.unwrap();
    assert_eq!((page.status(), page.version()), (StatusCode::OK, Version::HTTP_2));
    assert!(page.headers().contains_key("strict-transport-security"));
    let staff = &accounts["tenants"][0]["staff"][0];
    let form = [
        ("email", staff["email"].as_str().unwrap()),
        ("password", staff["password"].as_str().unwrap()),
    ];
    let signed_in = first
        .post(secured.url("/app/fn/sign-in"))
        .header("accept", "text/html")
        .header("origin", format!("https://{HOST}:{}", secured.port))
        .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
        .form(&form)
        .send()
        .await
        .unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Secure-") && cookie.contains("Secure"), "{cookie}");
    assert_eq!(
        first.get(secured.url("/app")).send().await.unwrap().status(),
        StatusCode::SEE_OTHER
    );

    let plain = client_builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let refused = plain
        .get(format!("http://127.0.0.1:{}/readyz", secured.port))
        .send()
        .await;
    assert!(refused.is_err(), "{refused:?}");
    let redirected = plain
        .get(format!("http://127.0.0.1:{}/app/inbox?q=a%2Fb", secured.redirect_port))
        .header("host", "another.example")
        .send()
        .await
        .unwrap();
    assert_eq!(redirected.status(), StatusCode::PERMANENT_REDIRECT);
    assert_eq!(redirected.headers()["location"], secured.url("/app/inbox?q=a%2Fb"));
    drop(server);

    // Each of two hosts leads to its own address.
    let portal_host = format!("portal.example.org:{}", secured.port);
    let portal = format!("https://{portal_host}");
    let with_portal = Secured {
        installation: secured
            .installation
            .another_server()
            .with(&[("ORDINAVO_PORTAL_HOST", &portal_host)]),
        ..secured
    };
    let server = with_portal.start();
    with_portal.answers(&first).await;
    for (host, target) in [
        ("portal.example.org", format!("{portal}/x")),
        (HOST, with_portal.url("/x")),
    ] {
        let url = format!("http://127.0.0.1:{}/x", with_portal.redirect_port);
        let redirected = plain.get(url).header("host", host).send().await.unwrap();
        assert_eq!(redirected.headers()["location"], target, "{host}");
    }
    let secured = with_portal;

    let metrics = plain
        .get(format!("http://127.0.0.1:{}/metrics", secured.ops_port))
        .send();
    let metrics = metrics.await.unwrap().text().await.unwrap();
    assert!(
        metrics.contains("\nordinavo_tls_certificate_not_after_timestamp_seconds ")
            && metrics.contains("\nordinavo_tls_certificate_overdue_timestamp_seconds "),
        "{metrics}"
    );

    // A file that is not complete yet leaves the certificate in use.
    secured.write("certificate.pem", "-----BEGIN CERTIFICATE-----\n");
    reload(&server);
    secured.answers(&first).await;
    assert!(secured.failures().await.is_empty());
    let second = secured.write_certificate(30);
    reload(&server);
    secured.answers(&second).await;
    assert!(first.get(secured.url("/readyz")).send().await.is_err());
}

#[tokio::test]
async fn certificate_problem_is_named_by_server_and_doctor() {
    let secured = Secured::new("tls-problems");
    let _ = secured.write_certificate(90);
    secured.installation.demo();
    let (status, output) = secured.installation.run(&["doctor"]);
    assert!(status.success(), "{output}");
    for days in [3, -1] {
        let _ = secured.write_certificate(days);
        let (status, output) = secured.installation.run(&["doctor"]);
        assert!(!status.success() && output.contains("FAIL  certificate"), "{output}");
    }
    let run = |name: &str, text: &str| {
        secured.write(name, text);
        let (status, output) = secured.installation.run(&["serve"]);
        assert!(!status.success(), "{output}");
        output
    };
    assert!(run("certificate.pem", "").contains("setting tls_certificate: "));
    let _ = secured.write_certificate(90);
    let of_another = rcgen::KeyPair::generate().unwrap().serialize_pem();
    assert!(run("key.pem", &of_another).contains("setting tls_key: "));
    let without_key = secured
        .installation
        .another_server()
        .with(&[("ORDINAVO_TLS_KEY", "missing.pem")]);
    assert!(without_key.run(&["serve"]).1.contains("setting tls_key: missing.pem"));
    let http = secured
        .installation
        .another_server()
        .with(&[("ORDINAVO_PUBLIC_URL", "http://127.0.0.1:1")]);
    assert!(http.run(&["serve"]).1.contains("setting public_url: "));
}

#[tokio::test]
async fn certificate_by_acme_is_obtained_and_renewed() {
    let secured = Secured::new("tls-acme");
    let authority = Acme::start(secured.redirect_port).await;
    secured.write("root.pem", &authority.root);
    let root = secured.installation.folder.join("root.pem").display().to_string();
    let with_acme = secured.installation.another_server().with(&[
        ("ORDINAVO_ACME_DIRECTORY", &authority.directory),
        ("ORDINAVO_ACME_EMAIL", "you@example.org"),
        ("ORDINAVO_ACME_ROOT", &root),
    ]);
    let secured = Secured {
        installation: with_acme,
        ..secured
    };
    secured.installation.demo();
    // Until there is a certificate, the server is not ready, and a signal to reload does not end it.
    authority.refuse(true);
    let server = secured.start();
    secured.waits_for(|| authority.orders() == 1).await;
    assert_eq!(secured.failures().await, ["certificate_missing"]);
    reload(&server);
    assert_eq!(secured.failures().await, ["certificate_missing"]);
    drop(server);
    authority.refuse(false);
    let server = secured.start();
    let client = secured.client(&authority.root);
    secured.answers(&client).await;
    assert_eq!(authority.issued(), [[HOST]]);
    assert!(secured.failures().await.is_empty());
    drop(server);

    // A certificate that is about to expire is renewed, one that cannot be renewed stays in use.
    let old = secured.write_certificate(20);
    authority.refuse(true);
    let server = secured.start();
    secured.answers(&old).await;
    secured.waits_for(|| authority.orders() == 3).await;
    secured.answers(&old).await;
    drop(server);
    assert_eq!(authority.issued().len(), 1);
    authority.refuse(false);
    let server = secured.start();
    secured.answers(&client).await;
    assert_eq!(authority.issued().len(), 2);
    drop(server);

    // A third of a validity of six days is left: a certificate is not renewed just because it is short.
    let short = secured.write_certificate_between(-3, 3);
    let server = secured.start();
    secured.answers(&short).await;
    assert!(secured.failures().await.is_empty());
    drop(server);
    assert_eq!(authority.orders(), 4);
    let expired = secured.write_certificate(-1);
    authority.refuse(true);
    let server = secured.start();
    secured.waits_for(|| authority.orders() == 5).await;
    assert_eq!(secured.failures().await, ["certificate_expired"]);
    drop((server, expired));

    let without = secured
        .installation
        .another_server()
        .with(&[("ORDINAVO_ACME_DIRECTORY", "http://localhost")]);
    assert!(without.run(&["serve"]).1.contains("setting acme_directory: "));
    std::fs::remove_dir_all(&secured.installation.folder).unwrap();
}
