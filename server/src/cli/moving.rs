//! `ordinavo move`: from SQLite to PostgreSQL.

use ordinavo_core::clock::Clock;
use ordinavo_core::installation;
use ordinavo_core::installation::Usage;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::{Core, Engine, PoolOptions, Store};

use super::in_use::ensure_unused;
use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// Copies the database to an empty PostgreSQL database and compares each row. Files and key stay where they are.
pub async fn execute(config: &Config, to: &str, json: bool) -> Result<(), String> {
    let _lock = ensure_unused(&config.database_url).await?;
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    let outcome = copy(&core, to, json).await;
    core.store().close().await;
    outcome
}

async fn copy(core: &Core, to: &str, json: bool) -> Result<(), String> {
    if core.store().engine() != Engine::Sqlite {
        return Err("setting database_url: only an SQLite database can be moved".to_owned());
    }
    if !to.starts_with("postgres") {
        return Err("--to: must be a URL such as postgres://ordinavo_owner@db/ordinavo".to_owned());
    }
    let target = Store::open_with(to, &PoolOptions::default(), Clock::system(), Randomness::from_system())
        .await
        .map_err(|error| format!("--to: {error}"))?;
    let moved = async {
        let usage = installation::usage(&target)
            .await
            .map_err(|error| crate::api::texts::sentences(&error))?;
        if usage == Usage::InUse {
            return Err("--to: the database is in use; choose an empty one".to_owned());
        }
        target
            .migrate()
            .await
            .map_err(|error| format!("--to: {}", startup::store_message(&error)))?;
        core.store()
            .copy_to_postgres(&target)
            .await
            .map_err(|error| error.to_string())
    }
    .await;
    target.close().await;
    let moved = moved?;
    let rows: i64 = moved.iter().map(|table| table.rows).sum();
    if json {
        let tables: serde_json::Map<String, serde_json::Value> = moved
            .iter()
            .map(|table| (table.name.clone(), table.rows.into()))
            .collect();
        let text = serde_json::json!({ "rows": rows, "tables": tables });
        outln!(
            "{}",
            serde_json::to_string_pretty(&text).map_err(|error| error.to_string())?
        );
    } else {
        outln!(
            "Copied and compared {rows} rows of {} tables. Set ORDINAVO_DATABASE_URL to the role ordinavo_app and start the servers.",
            moved.len()
        );
    }
    Ok(())
}
