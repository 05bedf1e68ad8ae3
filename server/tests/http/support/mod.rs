//! Test servers on loopback with the small demo data, one for each available database.

pub mod acme;
pub mod clamd;
mod client;
pub mod forms;
pub mod forwarder;
pub mod installation;
pub mod leak_watch;
pub mod passkeys;
pub mod public;
pub mod raw;
pub mod receiver;
pub mod s3;
mod template;
pub mod webhooks;

use std::sync::Arc;

use ordinavo::config::Config;
use ordinavo::serve::{AppState, router, run_on_listener};
use ordinavo_core::clock::Clock;
use ordinavo_core::demo::{DemoAccounts, DemoTenant};
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, Engine, Store};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tokio::net::TcpListener;

use self::leak_watch::LeakWatch;
use self::raw::Raw;

/// A running server.
pub struct World {
    pub url: String,
    pub book: DemoAccounts,
    pub core: Core,
    pub engine: &'static str,
    pub address: String,
    /// Checks everything that the server sends to customers.
    pub watch: Arc<LeakWatch>,
}

impl Drop for World {
    fn drop(&mut self) {
        let leaks = self.watch.finish();
        template::remove(&self.address);
        if !std::thread::panicking() {
            assert!(
                leaks.is_empty(),
                "customers received internal data or data of other customers:\n{}",
                leaks.join("\n")
            );
        }
    }
}

/// Returns an HTTP client.
pub fn client() -> reqwest::Client {
    client_builder().build().expect("default client settings are valid")
}

/// Returns a builder of HTTP clients.
pub fn client_builder() -> reqwest::ClientBuilder {
    ordinavo_core::tls::install();
    reqwest::Client::builder()
}

/// Starts servers on new databases: SQLite always, PostgreSQL if `ORDINAVO_TEST_POSTGRES` is set.
pub async fn worlds() -> Vec<Arc<World>> {
    worlds_at(Clock::system()).await
}

/// Like [`worlds`], with a test clock.
pub async fn worlds_at(clock: Clock) -> Vec<Arc<World>> {
    worlds_with(clock, |_| {}).await
}

/// Like [`worlds_at`], with custom settings.
pub async fn worlds_with(clock: Clock, settings: impl Fn(&mut Config)) -> Vec<Arc<World>> {
    let mut worlds = Vec::new();
    for engine in template::engines() {
        worlds.push(start(engine, clock.clone(), &settings).await);
    }
    worlds
}

/// Starts a server on a new database; returns `None` for PostgreSQL if `ORDINAVO_TEST_POSTGRES` is not set.
pub async fn world(engine: Engine) -> Option<Arc<World>> {
    world_at(engine, Clock::system()).await
}

/// Like [`world`], with a test clock.
pub async fn world_at(engine: Engine, clock: Clock) -> Option<Arc<World>> {
    world_with(engine, clock, |_| {}).await
}

/// Like [`world_at`], with custom settings.
pub async fn world_with(engine: Engine, clock: Clock, settings: impl Fn(&mut Config)) -> Option<Arc<World>> {
    let name = match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    };
    if template::engines().contains(&name) {
        Some(start(name, clock, &settings).await)
    } else {
        None
    }
}

async fn start(engine: &'static str, clock: Clock, settings: &impl Fn(&mut Config)) -> Arc<World> {
    let randomness = Randomness::from_system();
    let cell = template::at(engine, &clock).await;
    let template = cell.get().expect("template is created");
    let address = template.copy();
    let store = Store::open(&address, clock.clone(), randomness.clone())
        .await
        .expect("database opens");
    let keyring = template.keyring();
    let cookies = Keyring::generate(&randomness);
    let files = template.files.clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("port is free");
    let url = format!("http://{}", listener.local_addr().expect("listener has an address"));
    let mut config = Config {
        public_url: url.clone(),
        secret_key_file: template.key_file.clone(),
        webhook_allow_http: true,
        webhook_allow_nets: "127.0.0.0/8".to_owned(),
        webhook_retry: "0s,0s,0s".to_owned(),
        ..Config::default()
    };
    settings(&mut config);
    let core = Core::new(
        store,
        clock,
        randomness,
        keyring,
        files,
        config.settings().expect("settings are valid"),
    );
    let state = AppState::new(core.clone(), config, &cookies);
    let watch = Arc::new(LeakWatch::new(&address));
    let routes = leak_watch::add_layer(router(&state), &watch);
    tokio::spawn(run_on_listener(listener, state, routes, std::future::pending()));
    Arc::new(World {
        book: DemoAccounts {
            base_url: url.clone(),
            ..template.book.clone()
        },
        url,
        core,
        engine,
        address,
        watch,
    })
}

/// The header that browsers send with same-origin forms.
pub const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

impl World {
    pub fn tenant(&self, slug: &str) -> &DemoTenant {
        self.book
            .tenants
            .iter()
            .find(|tenant| tenant.slug == slug)
            .expect("tenant exists")
    }

    pub fn key(&self, slug: &str, client: &str) -> String {
        self.tenant(slug).client(client).expect("client exists").api_key.clone()
    }

    /// Runs a statement, to set states that cannot be created over HTTP.
    pub async fn sql(&self, statement: &str) {
        let raw = Raw::open(&self.address).await;
        raw.run(statement).await;
        raw.close().await;
    }

    /// Returns pairs of IDs from the database.
    pub async fn pairs(&self, query: &str) -> Vec<(uuid::Uuid, uuid::Uuid)> {
        let raw = Raw::open(&self.address).await;
        let rows = raw.pairs(query).await;
        raw.close().await;
        rows
    }

    /// Returns rows of a query whose columns are all text.
    pub async fn texts(&self, query: &str) -> Vec<Vec<String>> {
        let raw = Raw::open(&self.address).await;
        let rows = raw.texts(query).await;
        raw.close().await;
        rows
    }

    /// Returns an authenticated API request.
    pub fn api(&self, method: Method, path: &str, key: &str) -> RequestBuilder {
        client().request(method, format!("{}{path}", self.url)).bearer_auth(key)
    }

    pub async fn import(&self, client: &str, body: &Value) -> (StatusCode, Value) {
        read(
            self.api(Method::POST, "/api/v1/targets", &self.key("nordlicht", client))
                .json(body)
                .send()
                .await
                .expect("server responds"),
        )
        .await
    }

    /// Returns a browser that is signed in at `/app`, `/portal` or `/partner`.
    pub async fn browser(&self, app: &str, email: &str, password: &str) -> reqwest::Client {
        let browser = client_builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("browser is created");
        let answer = browser
            .post(format!("{}{app}/fn/sign-in", self.url))
            .header("accept", "text/html")
            .header(SAME_ORIGIN.0, SAME_ORIGIN.1)
            .form(&[("email", email), ("password", password)])
            .send()
            .await
            .expect("server responds");
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        assert!(
            !answer.headers()["location"]
                .to_str()
                .expect("header is text")
                .contains("sign-in"),
            "{email} cannot sign in"
        );
        browser
    }

    pub async fn staff(&self, slug: &str, role: &str) -> reqwest::Client {
        let account = self.tenant(slug).staff(role).expect("account exists").clone();
        self.browser("/app", &account.email, &account.password).await
    }

    pub async fn partner(&self, slug: &str, source: &str) -> reqwest::Client {
        let account = self
            .tenant(slug)
            .partners
            .iter()
            .find(|account| account.source_system == source)
            .expect("account exists")
            .clone();
        self.browser("/partner", &account.email, &account.password).await
    }

    pub async fn contact(&self, slug: &str, start: &str) -> reqwest::Client {
        let account = self
            .tenant(slug)
            .portal
            .iter()
            .find(|account| account.email.starts_with(start))
            .expect("account exists")
            .clone();
        self.browser("/portal", &account.email, &account.password).await
    }

    /// Returns the demo password of a portal user whose address starts with `start`.
    pub fn portal_password(&self, start: &str) -> Option<String> {
        let mut accounts = self.book.tenants.iter().flat_map(|tenant| &tenant.portal);
        let found = accounts.find(|account| account.email.starts_with(start));
        found.map(|account| account.password.clone())
    }

    pub async fn get(&self, browser: &reqwest::Client, path: &str) -> (StatusCode, String) {
        let answer = browser
            .get(format!("{}{path}", self.url))
            .header("accept", "text/html")
            .send()
            .await
            .expect("server responds");
        let status = answer.status();
        (status, without_markers(&answer.text().await.expect("body is text")))
    }
}

pub async fn read(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, answer.json().await.expect("response is JSON"))
}

/// Returns the first link of a page with this prefix.
pub fn link(html: &str, start: &str) -> Option<String> {
    let at = html.find(&format!("href=\"{start}"))? + 6;
    html[at..].split('"').next().map(str::to_owned)
}

/// Removes the hydration markers that Leptos puts between nodes.
pub fn without_markers(html: &str) -> String {
    html.replace("<!>", "")
}
