//! Startup and shutdown shared by all commands.

use ordinavo_core::Core;
use ordinavo_core::Store;
use ordinavo_core::clock::Clock;
use ordinavo_core::files::FileStore;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;

use crate::config::Config;

/// Opens database, files and keys. With `migrate`, applies pending migrations.
pub async fn open_core(config: &Config, migrate: bool) -> Result<(Core, Keyring), String> {
    let (clock, randomness) = (Clock::system(), Randomness::from_system());
    let store = Store::open(&config.database_url, clock.clone(), randomness.clone())
        .await
        .map_err(|error| format!("setting database_url: {error}"))?;
    if migrate {
        store.migrate().await.map_err(|error| format!("migration: {error}"))?;
    }
    let open_keyring = || {
        Keyring::open_or_create(&config.secret_key_file, &randomness)
            .map_err(|error| format!("setting secret_key_file: {error}"))
    };
    let files = FileStore::open(&config.files).map_err(|error| format!("setting files: {error}"))?;
    let (keyring, cookie_keyring) = (open_keyring()?, open_keyring()?);
    Ok((
        Core::new(store, clock, randomness, keyring, files, config.settings()?),
        cookie_keyring,
    ))
}

/// Completes on SIGINT or SIGTERM.
pub async fn shutdown_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
