//! The HTTP server: shared state, routes and lifecycle.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRef};
use axum::routing::{get, post};
use axum::{Router, middleware};
use leptos::config::LeptosOptions;
use ordinavo_core::Core;
use ordinavo_core::identity::authentication;
use ordinavo_core::identity::sessions::Realm;
use ordinavo_core::integrations::usage::ApiUsage;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_sessions::cookie::{Key, SameSite};
use tower_sessions::service::SignedCookie;
use tower_sessions::{Expiry, SessionManagerLayer};
use ui::flash_cookie::FlashCookie;
use ui::realm::prefix;

use crate::api::idempotency::InFlightKeys;
use crate::api::limits::Limits;
use crate::assets;
use crate::assets::Manifest;
use crate::authn::gate;
use crate::authn::session_cookie;
use crate::authn::session_store::RealmSessions;
use crate::config::Config;
use crate::connections::Listening;
use crate::connections::acme::{Acme, Challenges};
use crate::connections::tls::{Hangup, Tls, TlsFiles};
use crate::health;
use crate::health::Readiness;
use crate::portal_limits::PortalLimits;
use crate::public_limits::{PublicLimits, UploadPlaces};
use crate::spool::Spool;
use crate::{
    api, branding, calendar, connections, exports, files, hosts, http_layers, live, mailer, offline_app, open_files,
    ops, pages, public_pages, redirect, setup_address, worker,
};

/// Concurrent uploads of an account; others wait.
const UPLOADS_PER_ACCOUNT: usize = 2;

/// State shared by all handlers.
#[derive(Clone)]
pub struct AppState {
    pub core: Core,
    pub config: Arc<Config>,
    pub manifest: Arc<Manifest>,
    /// Rate limits of the API.
    pub limits: Arc<Limits>,
    /// Rate limits of the public pages.
    pub public_limits: Arc<PublicLimits>,
    /// Rate limits of the portal.
    pub portal_limits: Arc<PortalLimits>,
    /// Uploads of each account.
    pub account_uploads: Arc<UploadPlaces<uuid::Uuid>>,
    /// Exports that are written at the same time.
    pub exports: Arc<Semaphore>,
    /// Where uploads are kept until they are complete.
    pub spool: Spool,
    /// Usage counts of integration clients that are not yet stored.
    pub api_usage: ApiUsage,
    /// Idempotency keys whose requests are in flight.
    pub in_flight_keys: InFlightKeys,
    /// Networks of reverse proxies whose `X-Forwarded-For` and `X-Request-Id` headers are trusted.
    pub trusted_proxies: Arc<[ipnet::IpNet]>,
    pub readiness: Readiness,
    /// Signals the shutdown to connections, event streams and the worker.
    pub stopping: watch::Sender<bool>,
    randomness: Randomness,
    cookie_key: Key,
    flash_key: Key,
}

impl AppState {
    pub fn new(core: Core, config: Config, keyring: &Keyring) -> Self {
        let readiness = Readiness::of_server(core.clone(), &config);
        Self {
            core,
            limits: Arc::new(config.limits().unwrap_or_else(|_| Limits::default_limits())),
            public_limits: Arc::default(),
            portal_limits: Arc::new(
                config
                    .portal_limits()
                    .unwrap_or_else(|_| PortalLimits::default_limits()),
            ),
            exports: Arc::new(Semaphore::new(exports::MAX_AT_ONCE)),
            spool: Spool::new(&config.spool_folder),
            account_uploads: Arc::new(UploadPlaces::new(UPLOADS_PER_ACCOUNT)),
            api_usage: ApiUsage::default(),
            trusted_proxies: config.trusted_proxies().unwrap_or_default().into(),
            in_flight_keys: InFlightKeys::default(),
            config: Arc::new(config),
            manifest: Arc::new(Manifest::read()),
            readiness,
            stopping: watch::Sender::new(false),
            randomness: Randomness::from_system(),
            cookie_key: Key::from(&keyring.derive("session-cookies")),
            flash_key: Key::from(&keyring.derive("flash-cookies")),
        }
    }

    /// Reads the certificate of the server's own TLS.
    fn open_tls(&self, files: TlsFiles) -> Result<Tls, String> {
        let in_use = self.readiness.certificate().unwrap_or_default();
        Tls::open(files, self.core.clock().clone(), in_use)
    }

    /// Generates a request ID.
    pub fn new_request_id(&self) -> String {
        self.randomness.uuid_v7(self.core.clock().now()).simple().to_string()
    }

    /// Returns the cookie for messages to visitors of a realm who have no account.
    pub(crate) fn flash_cookie(&self, realm: Realm) -> FlashCookie {
        FlashCookie::new(self.flash_key.clone(), prefix(realm), self.config.is_https())
    }

    /// Returns what signs messages to requesters on the tracking page.
    pub(crate) fn tracking_cookie(&self) -> FlashCookie {
        FlashCookie::new(self.flash_key.clone(), "/track", self.config.is_https())
    }

    /// Returns the session layer of a realm. Each realm has its own cookie, path and table. The cookie is signed with the
    /// key of the server, so that session IDs cannot be guessed.
    fn sessions(&self, realm: Realm) -> SessionManagerLayer<RealmSessions, SignedCookie> {
        // With separate hosts, the `__Host-` prefix binds each cookie to its host; on one host, paths separate the realms.
        let (name, path) = match (self.config.is_https(), self.config.portal_host()) {
            (true, Some(_)) => (format!("__Host-{}", session_cookie::name(realm)), "/"),
            (true, None) => (format!("__Secure-{}", session_cookie::name(realm)), prefix(realm)),
            (false, _) => (session_cookie::name(realm).to_owned(), prefix(realm)),
        };
        let lifetime = time::Duration::seconds(authentication::MAX_SESSION_AGE.num_seconds());
        SessionManagerLayer::new(RealmSessions::new(self.core.clone(), realm))
            .with_name(name)
            .with_path(path)
            .with_http_only(true)
            .with_same_site(SameSite::Lax)
            .with_secure(self.config.is_https())
            .with_expiry(Expiry::OnInactivity(lifetime))
            .with_signed(self.cookie_key.clone())
    }
}

impl FromRef<AppState> for Readiness {
    fn from_ref(state: &AppState) -> Self {
        state.readiness.clone()
    }
}

impl FromRef<AppState> for LeptosOptions {
    fn from_ref(_: &AppState) -> Self {
        Self::builder().output_name("ordinavo").build()
    }
}

/// Returns all routes.
pub fn router(state: &AppState) -> Router {
    let staff = pages::dispatch(state)
        .route("/app/files/{id}", get(files::staff))
        .route("/app/files/{id}/thumbnail", get(files::staff_thumbnail))
        .route("/app/files/kept/{key}/{position}", get(files::conflict_photo))
        .route("/app/live", get(live::stream))
        .route("/app/day/live", get(live::day))
        .route("/app/day/files/{id}", get(files::own_stop))
        .route("/app/form-preview/{id}", get(public_pages::intake::preview))
        .route(
            "/app/export/{list}",
            post(exports::export).layer(RequestBodyLimitLayer::new(exports::MAX_FORM_BYTES)),
        )
        .layer(middleware::from_fn_with_state(state.clone(), gate::staff))
        .layer(state.sessions(Realm::Staff));
    let portal = pages::portal(state)
        .route("/portal/files/{id}", get(files::portal))
        .route("/portal/files/{id}/picture", get(files::portal_picture))
        .route("/portal/files/{id}/thumbnail", get(files::portal_thumbnail))
        .route("/portal/appointments/{id}/calendar.ics", get(calendar::file))
        .route("/portal/feed/{token}/calendar.ics", get(calendar::feed))
        .route("/portal/feed/{token}", get(calendar::feed))
        .route("/portal/branding/{version}/style.css", get(branding::style_sheet))
        .route("/portal/branding/{version}/logo.png", get(branding::logo))
        .layer(middleware::from_fn_with_state(state.clone(), gate::portal))
        .layer(state.sessions(Realm::Portal));
    let partner = pages::partner(state)
        .layer(middleware::from_fn_with_state(state.clone(), gate::partner))
        .layer(state.sessions(Realm::Partner));
    let apps = staff
        .merge(portal)
        .merge(partner)
        .layer(DefaultBodyLimit::disable())
        .layer(CsrfLayer::new())
        .layer(middleware::from_fn(http_layers::require_origin));
    let routes = Router::new()
        .merge(apps)
        .merge(pages::public())
        .merge(public_pages::routes(state))
        .merge(offline_app::routes())
        .merge(api::router(state))
        .route("/pkg/{*name}", get(assets::serve))
        .merge(health::routes())
        .fallback(pages::not_found_page)
        .layer(middleware::from_fn(http_layers::name_next_page))
        .layer(middleware::from_fn_with_state(state.clone(), hosts::route_by_host))
        .layer(CatchPanicLayer::new());
    http_layers::instrument(routes, state).with_state(state.clone())
}

/// Serves until `stop` completes, then finishes open requests and claimed deliveries.
///
/// # Errors
/// Fails if the listen address is in use, uploads cannot be kept on disk or the worker cannot start.
pub async fn run(state: AppState, stop: impl Future<Output = ()> + Send + 'static) -> Result<(), String> {
    let folder = state.spool.folder().display();
    state
        .spool
        .check()
        .map_err(|error| format!("setting spool_folder: {folder}: {error}"))?;
    open_files::raise_limit(&state.config);
    let listener = TcpListener::bind(state.config.listen)
        .await
        .map_err(|error| format!("setting listen: {}: {error}", state.config.listen))?;
    setup_address::announce(&state.core, &state.config).await?;
    let routes = router(&state);
    run_on_listener(listener, state, routes, stop).await
}

/// Like [`run`], with an existing listener and with routes that the caller may wrap in further layers.
pub async fn run_on_listener(
    listener: TcpListener,
    state: AppState,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), String> {
    let limits = state.config.connection_limits()?;
    let redirects = redirect::listen(&state.config).await?;
    ops::start(&state.core, &state.config, state.readiness.clone()).await?;
    let challenges = Challenges::default();
    let certificate = match (state.config.acme()?, state.config.tls_files()?) {
        (_, None) => Security::None,
        (None, Some(files)) => Security::Files(state.open_tls(files)?),
        (Some(acme), Some(files)) => Security::Acme(
            Acme::new(acme, files.clone(), challenges.clone(), state.core.clock().clone()),
            files,
        ),
    };
    let stopped = state.stopping.subscribe();
    let maintenance = tokio::spawn(run_maintenance(state.clone(), stopped.clone()));
    let worker = if state.config.worker {
        let settings = state.config.settings()?;
        let mailer = mailer::Mailer::open(&state.config)?;
        Some(tokio::spawn(worker::run(
            state.core.clone(),
            settings,
            mailer,
            stopped.clone(),
        )))
    } else {
        None
    };
    let listening = Listening::new(limits, state.trusted_proxies.clone(), state.stopping.subscribe());
    tracing::info!(address = %state.config.listen, public_url = %state.config.public_url, "listening");
    let mut failed = state.stopping.subscribe();
    let signal = async {
        tokio::select! {
            () = stop => {}
            _ = failed.wait_for(|failed| *failed) => {}
        }
        tracing::info!("stopping");
        state.stopping.send_replace(true);
    };
    let ((), (), served) = tokio::join!(
        signal,
        redirect::serve(redirects, &state, listening.clone(), challenges),
        serve_secured(listener, certificate, routes, listening, &state)
    );
    served?;
    let rest = async {
        maintenance.await.map_err(|error| error.to_string())?;
        if let Some(worker) = worker {
            worker.await.map_err(|error| error.to_string())??;
        }
        state.core.store().close().await;
        Ok(())
    };
    // The database may be what does not answer; nothing is acknowledged any more that could be lost.
    tokio::time::timeout(CLOSE_TIMEOUT, rest).await.unwrap_or(Ok(()))
}

/// How connections are secured.
enum Security {
    /// Not at all: a proxy does it.
    None,
    Files(Tls),
    Acme(Acme, TlsFiles),
}

/// Serves connections, with the certificate kept current, until the server stops.
async fn serve_secured(
    listener: TcpListener,
    security: Security,
    routes: Router,
    listening: Listening,
    state: &AppState,
) -> Result<(), String> {
    let stopping = || state.stopping.subscribe();
    // From now on: the signal would end a server that still waits for its first certificate. Without TLS, it ends the server.
    let hangup = (!matches!(security, Security::None)).then(Hangup::default);
    let (tls, acme) = match security {
        Security::None => (None, None),
        Security::Files(tls) => (Some(Arc::new(tls)), None),
        Security::Acme(acme, files) => {
            if !acme.obtain_first(&mut stopping()).await {
                return Ok(());
            }
            let tls = state.open_tls(files).inspect_err(|_| {
                state.stopping.send_replace(true);
            })?;
            (Some(Arc::new(tls)), Some(acme))
        }
    };
    let reload = async {
        if let (Some(tls), Some(hangup)) = (&tls, hangup) {
            tls.keep_current(hangup, stopping()).await;
        }
    };
    let renew = async {
        if let (Some(acme), Some(tls)) = (&acme, &tls) {
            acme.keep_current(tls, stopping()).await;
        }
    };
    tokio::join!(
        reload,
        renew,
        connections::serve(listener, tls.clone(), routes, listening)
    );
    Ok(())
}

/// How long the end may take after requests in flight and claimed work.
const CLOSE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(3);
const MAINTENANCE_INTERVAL: std::time::Duration = std::time::Duration::from_secs(10);

/// Removes idle rate limit buckets and stores API usage, periodically and once more at shutdown.
async fn run_maintenance(state: AppState, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = tokio::time::sleep(MAINTENANCE_INTERVAL) => {}
            _ = stop.changed() => {}
        }
        state.limits.purge_idle();
        state.public_limits.purge_idle();
        state.account_uploads.purge_idle();
        state.portal_limits.purge_idle();
        if let Err(error) = state.api_usage.write(&state.core).await {
            tracing::warn!(%error, "failed to store API usage");
        }
    }
}
