//! The background worker: sends webhooks and emails, runs import jobs and computes route suggestions. New work wakes it;
//! polling every second is the fallback.

use std::time::Duration;

use ordinavo_core::drafts;
use ordinavo_core::events;
use ordinavo_core::files;
use ordinavo_core::files::scanning;
use ordinavo_core::identity::{password_links, sessions};
use ordinavo_core::imports;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::integrations::usage;
use ordinavo_core::notifications::outbox;
use ordinavo_core::portal_access::links;
use ordinavo_core::search::index;
use ordinavo_core::suggestions as route_suggestions;
use ordinavo_core::suggestions::run as planner;
use ordinavo_core::visits::entries;
use ordinavo_core::webhooks::dispatch::{Dispatcher, TurnCounts};
use ordinavo_core::webhooks::guard;
use ordinavo_core::webhooks::guard::Client;
use ordinavo_core::{Core, CoreResult};
use tokio::sync::watch;
use tracing::Instrument as _;

use crate::mailer::Mailer;

const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// How long the worker waits after a database error.
const ERROR_BACKOFF: Duration = Duration::from_secs(5);
const PURGE_INTERVAL: Duration = Duration::from_secs(600);
/// How long claimed work may take after the signal to stop.
const GRACE_PERIOD: Duration = Duration::from_secs(8);

/// How long the process may take to stop; process managers wait for 15 s or more.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// Completes when claimed work is to be given back.
pub(crate) async fn grace_period(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left to give the signal.
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(GRACE_PERIOD).await;
}

/// Runs until `stop` is set; finishes claimed work within [`GRACE_PERIOD`], or gives it back.
///
/// # Errors
/// Fails if the outbound HTTP client cannot be created.
pub async fn run(
    core: Core,
    settings: ordinavo_core::Settings,
    mailer: Option<Mailer>,
    stop: watch::Receiver<bool>,
) -> Result<(), String> {
    let client = guard::client(&settings).map_err(|error| format!("outbound HTTP client: {error}"))?;
    // A line outside of a job, such as a failure to claim one, still names its worker.
    let span = |worker| tracing::error_span!("worker", worker);
    tokio::join!(
        deliveries(&core, &client, stop.clone()).instrument(span("deliveries")),
        imports(&core, stop.clone()).instrument(span("imports")),
        suggestions(&core, stop.clone()).instrument(span("suggestions")),
        search_index(&core, stop.clone()).instrument(span("search")),
        emails(&core, mailer, stop.clone()).instrument(span("emails")),
        scans(&core, stop.clone()).instrument(span("scans")),
        thumbnails(&core, stop.clone()).instrument(span("thumbnails")),
        listen(&core, stop.clone()).instrument(span("notifications")),
        purge(&core, stop).instrument(span("purge"))
    );
    Ok(())
}

/// The tasks that report their turns.
pub const TASKS: [&str; 7] = [
    "deliveries",
    "emails",
    "imports",
    "scans",
    "search",
    "suggestions",
    "thumbnails",
];

/// Records that a task of the worker is alive, and its errors.
fn record_turn<T>(core: &Core, task: &'static str, outcome: CoreResult<T>) -> CoreResult<T> {
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    let now = core.clock().now().timestamp() as f64;
    metrics::gauge!("ordinavo_worker_last_turn_timestamp_seconds", "task" => task).set(now);
    if outcome.is_err() {
        metrics::counter!("ordinavo_worker_errors_total", "task" => task).increment(1);
    }
    outcome
}

/// Purges expired records periodically, independently of the other tasks. The signal to stop ends a purge where it is: what
/// was not committed is purged by the next one.
async fn purge(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            () = purge_once(core) => {}
            _ = stop.changed() => continue,
        }
        tokio::select! {
            () = tokio::time::sleep(PURGE_INTERVAL) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn purge_once(core: &Core) {
    if let Err(error) = sessions::delete_expired(core).await {
        tracing::warn!(%error, "failed to delete expired sessions");
    }
    if let Err(error) = outbox::purge_old(core).await {
        tracing::warn!(%error, "failed to purge emails");
    }
    if let Err(error) = route_suggestions::purge_old(core).await {
        tracing::warn!(%error, "failed to purge route suggestions");
    }
    if let Err(error) = entries::purge_old(core).await {
        tracing::warn!(%error, "failed to purge offline entries");
    }
    if let Err(error) = drafts::purge_old(core).await {
        tracing::warn!(%error, "failed to purge drafts");
    }
    if let Err(error) = usage::purge_old(core).await {
        tracing::warn!(%error, "failed to purge the request log");
    }
    if let Err(error) = events::purge_old(core).await {
        tracing::warn!(%error, "failed to purge events");
    }
    if let Err(error) = imports::purge_old(core).await {
        tracing::warn!(%error, "failed to purge imports");
    }
    if let Err(error) = core.refresh_statistics().await {
        tracing::warn!(%error, "failed to refresh statistics");
    }
    if let Err(error) = files::worker::sweep(core).await {
        tracing::warn!(%error, "failed to delete unnamed files");
    }
}

/// Sends webhook deliveries until `stop` is set, then waits for open requests, records their results and gives back the rest.
async fn deliveries(core: &Core, client: &Client, mut stop: watch::Receiver<bool>) {
    let mut dispatcher = Dispatcher::new(core.clone(), client.clone());
    while !*stop.borrow() {
        match record_turn(core, "deliveries", dispatcher.turn().await) {
            Ok(turn) if turn != TurnCounts::default() => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "failed to claim webhook deliveries");
                // Finished requests that wait to be recorded must not wake the loop: it would query the database without a pause.
                tokio::select! {
                    () = tokio::time::sleep(ERROR_BACKOFF) => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
        }
        let has_pending = dispatcher.pending() > 0;
        tokio::select! {
            () = core.deliveries_enqueued() => {}
            () = dispatcher.wait_for_attempt(), if has_pending => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            _ = stop.changed() => {}
        }
    }
    let finished = tokio::time::timeout(GRACE_PERIOD, async {
        while dispatcher.pending() > 0 {
            dispatcher.wait_for_attempt().await;
            dispatcher.record().await?;
        }
        CoreResult::Ok(())
    });
    let result = match finished.await {
        Ok(result) => result,
        Err(_) => dispatcher.release().await,
    };
    if let Err(error) = result {
        // The claims expire, and another worker repeats the deliveries.
        tracing::warn!(%error, "failed to record webhook attempts at shutdown");
    }
}

/// Listens for database notifications about work enqueued by other processes; returns if the database has none (SQLite).
async fn listen(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            outcome = core.listen() => match outcome {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "database notifications unavailable; falling back to polling"),
            },
            _ = stop.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(ERROR_BACKOFF) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Creates requested sign-in links and sends emails until `stop` is set. Without a mailer, emails stay in the outbox.
async fn emails(core: &Core, mailer: Option<Mailer>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match record_turn(core, "emails", process_outbox(core, mailer.as_ref(), &stop).await) {
            Ok(0) => POLL_INTERVAL,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "failed to process outbox");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn process_outbox(core: &Core, mailer: Option<&Mailer>, stop: &watch::Receiver<bool>) -> CoreResult<usize> {
    let links = links::send_requested_links(core).await? + password_links::send_requested(core).await?;
    Ok(match mailer {
        Some(mailer) => links + mailer.send_due_until(core, stop).await?,
        None => links,
    })
}

/// Computes route suggestions until `stop` is set.
async fn suggestions(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match record_turn(
            core,
            "suggestions",
            planner::run_next_until(core, grace_period(stop.clone())).await,
        ) {
            Ok(true) => continue,
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "failed to process route suggestions");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = core.suggestion_requested() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Indexes changed records for search until `stop` is set.
async fn search_index(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match record_turn(core, "search", index::run_next(core).await) {
            Ok(true) => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "failed to refresh the search index");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Checks files for malware until `stop` is set, if a scanner is configured.
async fn scans(core: &Core, mut stop: watch::Receiver<bool>) {
    let mut is_applied = false;
    while !*stop.borrow() {
        let turn = async {
            if !is_applied {
                scanning::apply_setting(core).await?;
            }
            scanning::scan_next(core).await
        };
        let pause = match record_turn(core, "scans", turn.await) {
            Ok(found) => {
                is_applied = true;
                if found {
                    continue;
                }
                POLL_INTERVAL
            }
            Err(error) => {
                tracing::warn!(%error, "failed to check a file for malware");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Creates smaller versions of pictures until `stop` is set.
async fn thumbnails(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match record_turn(core, "thumbnails", files::thumbnails::create_next(core).await) {
            Ok(true) => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "failed to create a smaller version of a picture");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Runs import jobs until `stop` is set.
async fn imports(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match record_turn(
            core,
            "imports",
            importer::run_next_until(core, grace_period(stop.clone())).await,
        ) {
            Ok(true) => continue,
            Ok(false) => POLL_INTERVAL,
            Err(error) => {
                tracing::warn!(%error, "failed to run import job");
                ERROR_BACKOFF
            }
        };
        tokio::select! {
            () = core.import_enqueued() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
