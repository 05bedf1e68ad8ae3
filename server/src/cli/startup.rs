//! Startup and shutdown shared by all commands.

use ordinavo_core::clock::Clock;
use ordinavo_core::files::FileStore;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, PoolOptions, Store};

use crate::config::Config;

/// Opens database, files and keys for a command that an operator waits for: statements may take as long as they need.
/// With `migrate`, applies pending migrations.
pub async fn open_core(config: &Config, migrate: bool) -> Result<(Core, Keyring), String> {
    let options = PoolOptions {
        statement_timeout: None,
        ..config.pool_options()?
    };
    open_core_with(config, migrate, &options).await
}

/// Opens database, files and keys for a server or worker and applies pending migrations.
pub async fn open_for_service(config: &Config) -> Result<(Core, Keyring), String> {
    open_core_with(config, true, &config.pool_options()?).await
}

async fn open_core_with(config: &Config, migrate: bool, options: &PoolOptions) -> Result<(Core, Keyring), String> {
    let (clock, randomness) = (Clock::system(), Randomness::from_system());
    let store = Store::open_with(&config.database_url, options, clock.clone(), randomness.clone())
        .await
        .map_err(|error| format!("setting database_url: {error}"))?;
    if migrate {
        store.migrate().await.map_err(|error| format!("migration: {error}"))?;
    }
    let open_keyring = || {
        Keyring::open_or_create(&config.secret_key_file, &randomness)
            .map_err(|error| format!("setting secret_key_file: {error}"))
    };
    let files = FileStore::open_with(&config.files, config.files_timeout()?)
        .map_err(|error| format!("setting files: {error}"))?;
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
