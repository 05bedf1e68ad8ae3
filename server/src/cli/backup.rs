//! `ordinavo backup` and `ordinavo restore`: database, files and master key in one folder.

use std::path::Path;
use std::process::Command;

use ordinavo_core::clock::Clock;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::{Engine, Store};

use super::start;
use crate::config::Config;

/// Copies a running installation into a new folder. The database comes first: a file that is added meanwhile is too many,
/// never too few.
///
/// # Errors
/// What could not be copied.
pub async fn backup(config: &Config, folder: &Path) -> Result<(), String> {
    if folder.exists() {
        return Err(format!(
            "{}: there is something already; name a new folder",
            folder.display()
        ));
    }
    let mut private = std::fs::DirBuilder::new();
    private.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
    private
        .create(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?;
    let (core, _) = start::core(config, false).await?;
    match core.store().engine() {
        Engine::Sqlite => core
            .store()
            .copy_into(&folder.join("ordinavo.db").display().to_string())
            .await
            .map_err(|error| error.to_string())?,
        Engine::Postgres => tool(
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
        "Copied to {}. Keep it as safe as the server: it holds the master key.",
        folder.display()
    );
    if config.files.starts_with("s3://") {
        println!("Files stay in the bucket; protect them by versioning there.");
    }
    Ok(())
}

/// Brings a backup back where there is no database yet. Everything is looked at before anything is put in its place.
///
/// # Errors
/// There is a database, the backup is not whole or not sound, or something could not be copied.
pub async fn restore(config: &Config, folder: &Path) -> Result<(), String> {
    let is_file = config.database_url.strip_prefix("sqlite://");
    let mut parts = vec![
        "secret.key",
        if is_file.is_some() {
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
            return Err(format!("{}: this part of the backup is missing", part.display()));
        }
    }
    if config.secret_key_file.exists() {
        return Err(format!(
            "{}: there is a master key already; move it away first",
            config.secret_key_file.display()
        ));
    }
    if let Some(path) = is_file {
        restore_file(&folder.join("ordinavo.db"), path).await?;
    } else {
        tool(
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
    make_parent(&config.secret_key_file)?;
    copy_private(&folder.join("secret.key"), &config.secret_key_file)?;
    let (core, _) = start::core(config, true).await?;
    let found = core
        .store()
        .check_integrity()
        .await
        .map_err(|error| error.to_string())?;
    core.store().close().await;
    if found != "ok" {
        return Err(format!("the restored database is not sound: {found}"));
    }
    println!("Restored from {}; the database is sound.", folder.display());
    Ok(())
}

/// Copies a database beside its place, checks it there, and only then moves it in.
async fn restore_file(from: &Path, path: &str) -> Result<(), String> {
    if Path::new(path).exists() {
        return Err(format!("{path}: there is a database already; move it away first"));
    }
    make_parent(Path::new(path))?;
    let beside = format!("{path}.restoring");
    copy_private(from, Path::new(&beside))?;
    let sound = async {
        let store = Store::open(
            &format!("sqlite://{beside}"),
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
    if let Err(error) = sound.await {
        for rest in [beside.clone(), format!("{beside}-wal"), format!("{beside}-shm")] {
            let _ = std::fs::remove_file(rest);
        }
        return Err(format!("{}: not a sound database: {error}", from.display()));
    }
    std::fs::rename(&beside, path).map_err(|error| format!("{path}: {error}"))
}

fn make_parent(path: &Path) -> Result<(), String> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display())),
        None => Ok(()),
    }
}

/// Copies a file that only its owner may read.
fn copy_private(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    #[cfg(unix)]
    std::fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|error| format!("{}: {error}", to.display()))?;
    Ok(())
}

fn tool(name: &str, arguments: &[&str]) -> Result<(), String> {
    let status = Command::new(name)
        .args(arguments)
        .status()
        .map_err(|error| format!("{name}: {error}; install PostgreSQL's client tools"))?;
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
