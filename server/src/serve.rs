//! The server: everything is put together here, as one readable table.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::get;
use axum::{Router, middleware};
use leptos::config::LeptosOptions;
use ordinavo_core::Core;
use ordinavo_core::identity::authentication;
use ordinavo_core::identity::sessions::Door;
use ordinavo_core::integrations::usage::ApiUse;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_sessions::cookie::{Key, SameSite};
use tower_sessions::service::SignedCookie;
use tower_sessions::{Expiry, SessionManagerLayer};

use crate::api::idempotency::RunningKeys;
use crate::api::limits::Limits;
use crate::assets;
use crate::assets::Manifest;
use crate::authn::gate;
use crate::authn::session_store::DoorSessions;
use crate::config::Config;
use crate::health;
use crate::health::Readiness;
use crate::portal_limits::PortalLimits;
use crate::public_limits::PublicLimits;
use crate::{
    api, calendar, files, hosts, http_layers, live, mailer, metrics, my_day, pages, portal_look, public_pages, worker,
};

/// What every handler can reach.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub core: Core,
    /// The configuration.
    pub config: Arc<Config>,
    /// The names of the built files.
    pub manifest: Arc<Manifest>,
    /// How often clients may call.
    pub limits: Arc<Limits>,
    /// How often people without an account may.
    pub public_limits: Arc<PublicLimits>,
    /// How often the portal may be asked.
    pub portal_limits: Arc<PortalLimits>,
    /// How often they did.
    pub api_use: ApiUse,
    /// The idempotency keys whose requests run.
    pub running_keys: RunningKeys,
    /// Networks of reverse proxies, whose word about the client's address counts.
    pub trusted_proxies: Arc<[ipnet::IpNet]>,
    /// The result of the last readiness check.
    pub readiness: Readiness,
    /// Told when the server is about to end, so that open streams end with it.
    pub stopping: watch::Sender<bool>,
    randomness: Randomness,
    cookie_key: Key,
}

impl AppState {
    /// Puts the state together.
    pub fn new(core: Core, config: Config, keyring: &Keyring) -> Self {
        Self {
            core,
            limits: Arc::new(config.limits().unwrap_or_else(|_| Limits::usual())),
            public_limits: Arc::default(),
            portal_limits: Arc::new(config.portal_limits().unwrap_or_else(|_| PortalLimits::usual())),
            api_use: ApiUse::default(),
            trusted_proxies: config.trusted_proxies().unwrap_or_default().into(),
            running_keys: RunningKeys::default(),
            config: Arc::new(config),
            manifest: Arc::new(Manifest::read()),
            readiness: Readiness::default(),
            stopping: watch::Sender::new(false),
            randomness: Randomness::from_system(),
            cookie_key: Key::from(&keyring.derive("session-cookies")),
        }
    }

    /// An id for a request.
    pub fn new_request_id(&self) -> String {
        self.randomness.uuid_v7(self.core.clock().now()).simple().to_string()
    }

    /// The session layer of a door: its own cookie, its own path, its own table. The cookie is signed, so that its 128
    /// random bits cannot even be guessed at without the server's key.
    fn sessions(&self, door: Door) -> SessionManagerLayer<DoorSessions, SignedCookie> {
        // With two hosts each cookie belongs to one of them and to none of their neighbours; on one host the doors have paths.
        let (name, path) = match (self.config.is_https(), self.config.portal_host()) {
            (true, Some(_)) => (format!("__Host-{}", door.cookie()), "/"),
            (true, None) => (format!("__Secure-{}", door.cookie()), door.prefix()),
            (false, _) => (door.cookie().to_owned(), door.prefix()),
        };
        let lifetime = time::Duration::seconds(authentication::ABSOLUTE.num_seconds());
        SessionManagerLayer::new(DoorSessions::new(self.core.clone(), door))
            .with_name(name)
            .with_path(path)
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_secure(self.config.is_https())
            .with_expiry(Expiry::OnInactivity(lifetime))
            .with_signed(self.cookie_key.clone())
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("ordinavo").build()
    }
}

/// All routes.
pub fn router(state: &AppState) -> Router {
    let staff = pages::dispatch(state)
        .route("/app/files/{id}", get(files::staff))
        .route("/app/files/kept/{key}/{position}", get(files::kept))
        .route("/app/live", get(live::stream))
        .route("/app/form-preview/{id}", get(public_pages::intake::preview))
        .layer(middleware::from_fn_with_state(state.clone(), gate::staff))
        .layer(state.sessions(Door::Staff));
    let portal = pages::portal(state)
        .route("/portal/files/{id}", get(files::portal))
        .route("/portal/appointments/{id}/calendar.ics", get(calendar::file))
        .route("/portal/feed/{token}", get(calendar::feed))
        .route("/portal/look/{version}/style.css", get(portal_look::style_sheet))
        .route("/portal/look/{version}/logo.png", get(portal_look::logo))
        .layer(middleware::from_fn_with_state(state.clone(), gate::portal))
        .layer(state.sessions(Door::Portal));
    let partner = pages::partner(state)
        .layer(middleware::from_fn_with_state(state.clone(), gate::partner))
        .layer(state.sessions(Door::Partner));
    let apps = staff
        .merge(portal)
        .merge(partner)
        .layer(DefaultBodyLimit::disable())
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::says_its_origin));
    Router::new()
        .merge(apps)
        .merge(pages::public())
        .merge(public_pages::routes(state))
        .merge(my_day::routes())
        .merge(api::router(state))
        .route("/pkg/{*name}", get(assets::serve))
        .merge(health::routes())
        .fallback(pages::nothing_here)
        .layer(middleware::from_fn_with_state(state.clone(), hosts::sort))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(state.clone(), http_layers::frame))
        .with_state(state.clone())
}

/// Serves until a signal comes; then finishes running requests and claimed deliveries.
///
/// # Errors
/// The address is taken or the worker cannot start.
pub async fn run(state: AppState, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
    let listener = TcpListener::bind(state.config.listen)
        .await
        .map_err(|error| format!("{}: {error}", state.config.listen))?;
    let routes = router(&state);
    run_on(listener, state, routes, stop).await
}

/// Like [`run`], on a listener that is already there and with routes around which something may stand.
///
/// # Errors
/// As [`run`].
pub async fn run_on(
    listener: TcpListener,
    state: AppState,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    if state.config.ops_listen.is_some() {
        metrics::start();
    }
    let (stop_worker, stopped) = watch::channel(false);
    let housekeeping = tokio::spawn(keep_house(state.clone(), stopped.clone()));
    let worker = if state.config.worker {
        let settings = state.config.settings()?;
        let mailer = mailer::Mailer::open(&state.config)?;
        Some(tokio::spawn(worker::run(state.core.clone(), settings, mailer, stopped)))
    } else {
        None
    };
    if let Some(address) = state.config.ops_listen {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("setting ops_listen: {address}: {error}"))?;
        let health = health::routes()
            .route("/metrics", get(metrics::scrape))
            .with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, health).await });
    }
    tracing::info!(address = %state.config.listen, public_url = %state.config.public_url, "listening");
    axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown({
            let stopping = state.stopping.clone();
            async move {
                stop.await;
                let _ = stopping.send(true);
            }
        })
        .await
        .map_err(|error| error.to_string())?;
    let _ = stop_worker.send(true);
    housekeeping.await.map_err(|error| error.to_string())?;
    if let Some(worker) = worker {
        worker.await.map_err(|error| error.to_string())??;
    }
    state.core.store().close().await;
    Ok(())
}

/// How often counts are written and idle buckets forgotten.
const HOUSEKEEPING_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// What the process does for itself from time to time, and once more at its end.
async fn keep_house(state: AppState, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING_EVERY) => {}
            _ = stop.changed() => {}
        }
        state.limits.forget_idle();
        state.public_limits.forget_idle();
        state.portal_limits.forget_idle();
        if let Err(error) = state.api_use.write(&state.core).await {
            tracing::warn!(%error, "what clients used could not be written");
        }
    }
}
