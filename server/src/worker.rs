//! The worker: sends what is due and runs import jobs as soon as they are written, and looks by itself every second as a
//! backstop.

use std::time::Duration;

use ordinavo_core::events;
use ordinavo_core::identity::sessions;
use ordinavo_core::imports::worker as importer;
use ordinavo_core::notifications::outbox;
use ordinavo_core::portal_access::links;
use ordinavo_core::suggestions as route_suggestions;
use ordinavo_core::suggestions::run as planner;
use ordinavo_core::visits::entries;
use ordinavo_core::webhooks::dispatch::{Dispatcher, Turn};
use ordinavo_core::webhooks::guard;
use ordinavo_core::webhooks::guard::Client;
use ordinavo_core::{Core, CoreResult};
use tokio::sync::watch;

use crate::mailer::Mailer;

/// How often the worker looks by itself.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long it waits when the database does not answer.
const WAIT_AFTER_ERROR: Duration = Duration::from_secs(5);
/// How much time passes between two clean-ups.
const CLEAN_EVERY: Duration = Duration::from_secs(600);

/// Runs until told to stop; what it has claimed is finished first.
///
/// # Errors
/// The outbound client cannot be set up.
pub async fn run(
    core: Core,
    settings: ordinavo_core::Settings,
    mailer: Option<Mailer>,
    stop: watch::Receiver<bool>,
) -> Result<(), String> {
    let client = guard::client(&settings).map_err(|error| format!("the outbound client: {error}"))?;
    tokio::join!(
        deliveries(&core, &client, stop.clone()),
        imports(&core, stop.clone()),
        suggestions(&core, stop.clone()),
        mails(&core, mailer, stop.clone()),
        listen(&core, stop.clone()),
        clean(&core, stop)
    );
    Ok(())
}

/// Removes from time to time what has served its time, however busy the rest is.
async fn clean(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(error) = sessions::delete_expired(core).await {
            tracing::warn!(%error, "what has expired could not be removed");
        }
        if let Err(error) = outbox::forget_old(core).await {
            tracing::warn!(%error, "mails that are no longer kept could not be removed");
        }
        if let Err(error) = route_suggestions::forget_old(core).await {
            tracing::warn!(%error, "route suggestions that are no longer kept could not be removed");
        }
        if let Err(error) = entries::forget_old(core).await {
            tracing::warn!(%error, "what phones have sent could not be removed");
        }
        if let Err(error) = events::forget_old(core).await {
            tracing::warn!(%error, "events that are no longer kept could not be removed");
        }
        tokio::select! {
            () = tokio::time::sleep(CLEAN_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Sends deliveries until told to stop; then what is on the way is waited for and recorded.
async fn deliveries(core: &Core, client: &Client, mut stop: watch::Receiver<bool>) {
    let mut dispatcher = Dispatcher::new(core.clone(), client.clone());
    while !*stop.borrow() {
        match dispatcher.turn().await {
            Ok(turn) if turn != Turn::default() => {
                tokio::task::yield_now().await;
                continue;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the worker could not look for deliveries");
                // What came back and waits to be recorded must not wake it: the database would be asked without a pause.
                tokio::select! {
                    () = tokio::time::sleep(WAIT_AFTER_ERROR) => {}
                    _ = stop.changed() => {}
                }
                continue;
            }
        }
        let on_the_way = dispatcher.pending() > 0;
        tokio::select! {
            () = core.worker_woken() => {}
            () = dispatcher.something_returned(), if on_the_way => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = stop.changed() => {}
        }
    }
    while dispatcher.pending() > 0 {
        dispatcher.something_returned().await;
        if let Err(error) = dispatcher.record().await {
            // The claims run out, and another worker repeats the deliveries.
            tracing::warn!(%error, "what came back last could not be recorded");
            return;
        }
    }
}

/// Hears from the database when another process wrote work, as long as the database can tell.
async fn listen(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        tokio::select! {
            outcome = core.listen() => match outcome {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, "the database does not tell of new work; the worker looks by itself"),
            },
            _ = stop.changed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(WAIT_AFTER_ERROR) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Makes the links that people asked for and sends mails until told to stop. Without a way out mails stay in the outbox.
async fn mails(core: &Core, mailer: Option<Mailer>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match mail_turn(core, mailer.as_ref()).await {
            Ok(0) => LOOK_EVERY,
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(%error, "the worker could not look for mails");
                WAIT_AFTER_ERROR
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn mail_turn(core: &Core, mailer: Option<&Mailer>) -> CoreResult<usize> {
    let links = links::fulfil(core).await?;
    Ok(match mailer {
        Some(mailer) => links + mailer.turn(core).await?,
        None => links,
    })
}

/// Makes route suggestions until told to stop.
async fn suggestions(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match planner::run_next(core).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the worker could not look for route suggestions");
                WAIT_AFTER_ERROR
            }
        };
        tokio::select! {
            () = core.planner_woken() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Runs import jobs until told to stop.
async fn imports(core: &Core, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match importer::run_next(core).await {
            Ok(true) => continue,
            Ok(false) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "the worker could not run an import job");
                WAIT_AFTER_ERROR
            }
        };
        tokio::select! {
            () = core.importer_woken() => {}
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}
