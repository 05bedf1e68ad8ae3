//! `ordinavo backup` and `ordinavo restore`: copy database, files and master key to and from one folder.

use std::path::Path;
use std::process::Command;

use ordinavo_core::clock::Clock;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::{Engine, Store};

use super::startup;
use crate::config::Config;

/// Copies a running installation to a new folder. The database is copied before the files, so every file that it refers
/// to is in the backup.
pub async fn backup(config: &Config, folder: &Path) -> Result<(), String> {
    if folder.exists() {
        return Err(format!("{}: already exists; choose a new folder", folder.display()));
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let (core, _) = startup::open_core(config, false).await?;
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
    if let Some(files) = config.files.strip_prefix("file://") {
        copy_folder(Path::new(files), &folder.join("files"))?;
    }
    std::fs::copy(&config.secret_key_file, folder.join("secret.key"))
        .map_err(|error| format!("{}: {error}", config.secret_key_file.display()))?;
    core.store().close().await;
    println!(
        "Backup created in {}. Protect it like the server: it contains the master key.",
        folder.display()
    );
    if config.files.starts_with("s3://") {
        println!("Files in the bucket are not included; enable bucket versioning to protect them.");
    }
    Ok(())
}

/// Restores a backup into an installation without a database. The backup is checked before anything is written.
///
/// # Errors
/// Fails if a database or master key exists, or if the backup is incomplete or damaged.
pub async fn restore(config: &Config, folder: &Path) -> Result<(), String> {
    let sqlite_path = config.database_url.strip_prefix("sqlite://");
    let mut parts = vec![
        "secret.key",
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
    if config.secret_key_file.exists() {
        return Err(format!(
            "{}: a master key already exists; move it first",
            config.secret_key_file.display()
        ));
    }
    if let Some(path) = sqlite_path {
        restore_sqlite(&folder.join("ordinavo.db"), path).await?;
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
    copy_private(&folder.join("secret.key"), &config.secret_key_file)?;
    let (core, _) = startup::open_core(config, true).await?;
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

/// Copies a database to a temporary file next to its destination, checks its integrity and then renames it.
async fn restore_sqlite(from: &Path, path: &str) -> Result<(), String> {
    if Path::new(path).exists() {
        return Err(format!("{path}: a database already exists; move it first"));
    }
    create_parent_folder(Path::new(path))?;
    let temporary = format!("{path}.restoring");
    copy_private(from, Path::new(&temporary))?;
    let check = async {
        let store = Store::open(
            &format!("sqlite://{temporary}"),
            Clock::system(),
            Randomness::from_system(),
        )
        .await
        .map_err(|error| error.to_string())?;
        let found = store.check_integrity().await.map_err(|error| error.to_string());
        store.close().await;
        match found?.as_str() {
            "ok" => Ok(()),
            found => Err(found.to_owned()),
        }
    };
    if let Err(error) = check.await {
        for leftover in [
            temporary.clone(),
            format!("{temporary}-wal"),
            format!("{temporary}-shm"),
        ] {
            let _ = std::fs::remove_file(leftover);
        }
        return Err(format!("{}: the database is damaged: {error}", from.display()));
    }
    std::fs::rename(&temporary, path).map_err(|error| format!("{path}: {error}"))
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
