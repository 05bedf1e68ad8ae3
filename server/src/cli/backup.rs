//! `ordinavo backup` and `ordinavo restore`: copy database, files and master key to and from one folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, Utc};
use ordinavo_core::clock::Clock;
use ordinavo_core::installation;
use ordinavo_core::installation::KeyMatch;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::{Keyring, hex, parse_hex};
use ordinavo_core::{Core, Engine, Store};
use serde::{Deserialize, Serialize};

use super::startup;
use super::startup::Opening;
use crate::config::Config;

/// What a backup says about itself, in `backup.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    version: String,
    created_at: DateTime<Utc>,
    engine: String,
    /// The sealed value of the database, in hexadecimal digits: it tells whether `secret.key` belongs to the backup.
    key_check: String,
}

const MANIFEST: &str = "backup.json";
const KEY: &str = "secret.key";

/// Copies a running installation to a new folder. The database is copied before the files, so every file that it refers
/// to is in the backup. A backup that fails leaves no folder.
pub async fn backup(config: &Config, folder: &Path) -> Result<(), String> {
    if folder.exists() {
        return Err(format!("{}: already exists; choose a new folder", folder.display()));
    }
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    let partial = with_suffix(folder, ".partial");
    create_private_folder(&partial)?;
    let copied = copy_installation(&core, config, &partial).await;
    core.store().close().await;
    let finished = copied
        .and_then(|()| std::fs::rename(&partial, folder).map_err(|error| format!("{}: {error}", folder.display())));
    if let Err(error) = finished {
        let _ = std::fs::remove_dir_all(&partial);
        return Err(error);
    }
    println!(
        "Backup created in {}. Protect it like the server: it contains the master key.",
        folder.display()
    );
    if config.files.starts_with("s3://") {
        println!("Files in the bucket are not included; enable bucket versioning to protect them.");
    }
    Ok(())
}

async fn copy_installation(core: &Core, config: &Config, folder: &Path) -> Result<(), String> {
    let key_check = read_key_check(core).await?;
    match core.store().engine() {
        Engine::Sqlite => core
            .store()
            .copy_into(&folder.join("ordinavo.db").display().to_string())
            .await
            .map_err(|error| error.to_string())?,
        Engine::Postgres => run_tool(
            "pg_dump",
            &[
                "--format=custom",
                "--file",
                &folder.join("ordinavo.dump").display().to_string(),
                &config.database_url,
            ],
        )?,
    }
    copy_private(&config.secret_key_file, &folder.join(KEY))?;
    let ring = Keyring::open(&folder.join(KEY)).map_err(|error| error.to_string())?;
    if read_key_check(core).await? != key_check || !installation::opens(&ring, &key_check) {
        return Err("the master key was replaced during the backup; run the backup again".to_owned());
    }
    if let Some(files) = config.files.strip_prefix("file://") {
        copy_folder(Path::new(files), &folder.join("files"))?;
    }
    let manifest = Manifest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created_at: core.clock().now(),
        engine: engine_name(core.store().engine()).to_owned(),
        key_check: hex(&key_check),
    };
    let text = serde_json::to_string_pretty(&manifest).map_err(|error| error.to_string())?;
    std::fs::write(folder.join(MANIFEST), text).map_err(|error| format!("{MANIFEST}: {error}"))
}

async fn read_key_check(core: &Core) -> Result<Vec<u8>, String> {
    installation::key_check(core.store())
        .await
        .map_err(|error| crate::api::texts::sentences(&error))?
        .ok_or_else(|| "the database does not belong to a key".to_owned())
}

fn engine_name(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
    }
}

/// Restores a backup into an installation without a database. The backup is checked before anything is written.
///
/// # Errors
/// Fails if a database or another master key exists, or if the backup is incomplete, damaged or of another key.
pub async fn restore(config: &Config, folder: &Path) -> Result<(), String> {
    let sqlite_path = config.database_url.strip_prefix("sqlite://");
    let mut parts = vec![
        KEY,
        if sqlite_path.is_some() {
            "ordinavo.db"
        } else {
            "ordinavo.dump"
        },
    ];
    if config.files.starts_with("file://") {
        parts.push("files");
    }
    for part in parts {
        let part = folder.join(part);
        if !part.exists() {
            return Err(format!("{}: missing from the backup", part.display()));
        }
    }
    let ring = check_keys(config, folder)?;
    if let Some(path) = sqlite_path {
        restore_sqlite(&folder.join("ordinavo.db"), path, &ring).await?;
    } else {
        run_tool(
            "pg_restore",
            &[
                "--no-owner",
                "--dbname",
                &config.database_url,
                &folder.join("ordinavo.dump").display().to_string(),
            ],
        )?;
    }
    if let Some(files) = config.files.strip_prefix("file://") {
        copy_folder(&folder.join("files"), Path::new(files))?;
    }
    create_parent_folder(&config.secret_key_file)?;
    copy_private(&folder.join(KEY), &config.secret_key_file)?;
    let (core, _) = startup::open_core(config, Opening::Upgrade).await?;
    let integrity = core
        .store()
        .check_integrity()
        .await
        .map_err(|error| error.to_string())?;
    core.store().close().await;
    if integrity != "ok" {
        return Err(format!(
            "the integrity check of the restored database failed: {integrity}"
        ));
    }
    println!("Restored from {}. Integrity check passed.", folder.display());
    Ok(())
}

/// Returns the keys of a backup. They must be the ones of its database, and the installation must not have others.
fn check_keys(config: &Config, folder: &Path) -> Result<Keyring, String> {
    let path = folder.join(KEY);
    let ring = Keyring::open(&path).map_err(|error| error.to_string())?;
    match std::fs::read_to_string(folder.join(MANIFEST)) {
        Ok(text) => {
            let manifest: Manifest = serde_json::from_str(&text).map_err(|error| format!("{MANIFEST}: {error}"))?;
            let key_check = parse_hex(&manifest.key_check).ok_or_else(|| format!("{MANIFEST}: keyCheck is invalid"))?;
            if !installation::opens(&ring, &key_check) {
                return Err(foreign_key(&path));
            }
        }
        // A backup of an earlier version has none; its database is compared instead.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(format!("{MANIFEST}: {error}")),
    }
    let present = &config.secret_key_file;
    let is_same = || Some(std::fs::read(present).ok()? == std::fs::read(&path).ok()?);
    if present.exists() && is_same() != Some(true) {
        return Err(format!(
            "{}: a different master key already exists; move it first",
            present.display()
        ));
    }
    Ok(ring)
}

fn foreign_key(path: &Path) -> String {
    format!(
        "{}: this key does not belong to the database of the backup",
        path.display()
    )
}

/// Copies a database to a temporary file next to its destination, checks its integrity and its key and then renames it.
async fn restore_sqlite(from: &Path, path: &str, ring: &Keyring) -> Result<(), String> {
    if Path::new(path).exists() {
        return Err(format!("{path}: a database already exists; move it first"));
    }
    create_parent_folder(Path::new(path))?;
    let temporary = format!("{path}.restoring");
    copy_private(from, Path::new(&temporary))?;
    if let Err(error) = check_copy(from, &temporary, ring).await {
        for leftover in [
            temporary.clone(),
            format!("{temporary}-wal"),
            format!("{temporary}-shm"),
        ] {
            let _ = std::fs::remove_file(leftover);
        }
        return Err(error);
    }
    std::fs::rename(&temporary, path).map_err(|error| format!("{path}: {error}"))
}

async fn check_copy(from: &Path, copy: &str, ring: &Keyring) -> Result<(), String> {
    let damaged = |error: String| format!("{}: the database is damaged: {error}", from.display());
    let store = Store::open(&format!("sqlite://{copy}"), Clock::system(), Randomness::from_system())
        .await
        .map_err(|error| damaged(error.to_string()))?;
    let check = async {
        match store
            .check_integrity()
            .await
            .map_err(|error| damaged(error.to_string()))?
            .as_str()
        {
            "ok" => {}
            found => return Err(damaged(found.to_owned())),
        }
        store.migrate().await.map_err(|error| format!("migration: {error}"))?;
        match installation::bind_key(&store, ring).await {
            Ok(KeyMatch::Match) => Ok(()),
            Ok(KeyMatch::Mismatch | KeyMatch::Unbound) => Err(foreign_key(&from.with_file_name(KEY))),
            Err(error) => Err(damaged(crate::api::texts::sentences(&error))),
        }
    };
    let outcome = check.await;
    store.close().await;
    outcome
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn create_private_folder(folder: &Path) -> Result<(), String> {
    create_parent_folder(folder)?;
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))
}

fn create_parent_folder(path: &Path) -> Result<(), String> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display())),
        None => Ok(()),
    }
}

/// Copies a file and makes it readable only by its owner.
fn copy_private(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    #[cfg(unix)]
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(())
}

fn run_tool(name: &str, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(name)
        .args(arguments)
        .status()
        .map_err(|error| format!("{name}: {error}; install the PostgreSQL client tools"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{name} failed"))
    }
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(fail)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(from).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(fail)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target).map_err(fail)?;
        }
    }
    Ok(())
}
