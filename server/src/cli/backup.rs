//! `ordinavo backup` and `ordinavo restore`: database, files and master key in one folder.

use std::path::Path;
use std::process::Command;

use ordinavo_core::Engine;

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
    std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
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

/// Brings a backup back where there is no database yet.
///
/// # Errors
/// There is a database, or something could not be copied.
pub async fn restore(config: &Config, folder: &Path) -> Result<(), String> {
    if let Some(path) = config.database_url.strip_prefix("sqlite://") {
        if Path::new(path).exists() {
            return Err(format!("{path}: there is a database already; move it away first"));
        }
        if let Some(parent) = Path::new(path).parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
        }
        std::fs::copy(folder.join("ordinavo.db"), path)
            .map_err(|error| format!("{}: {error}", folder.join("ordinavo.db").display()))?;
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
    if let Some(parent) = config
        .secret_key_file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        std::fs::create_dir_all(parent).map_err(|error| format!("{}: {error}", parent.display()))?;
    }
    std::fs::copy(folder.join("secret.key"), &config.secret_key_file)
        .map_err(|error| format!("{}: {error}", config.secret_key_file.display()))?;
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
