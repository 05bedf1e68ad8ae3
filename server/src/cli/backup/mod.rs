//! `ordinavo backup` and `ordinavo restore`: copy database, files and master key to and from one folder.

mod postgres;
mod restore;
mod sums;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use ordinavo_core::files::inventory;
use ordinavo_core::files::inventory::RegisteredFile;
use ordinavo_core::installation;
use ordinavo_core::secrets::{Keyring, hex};
use ordinavo_core::{Core, Engine};
use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::restore::restore;
use super::answer::Answer;
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
/// Lists the files that a backup lacks.
const INCOMPLETE: &str = "INCOMPLETE";

/// Copies a running installation to a new folder. The database is copied before the files, so every file that it refers
/// to is in the backup. A backup that fails leaves no folder; one that lacks files that the storage has lost is kept, and fails.
pub async fn backup(config: &Config, folder: &Path) -> Result<Answer, String> {
    if folder.exists() {
        return Err(format!("{}: already exists; choose a new folder", folder.display()));
    }
    let absolute = std::path::absolute(folder).unwrap_or_default();
    if absolute.ancestors().any(|above| above.join(MANIFEST).exists()) {
        return Err(format!(
            "{}: is inside a backup; choose another folder",
            folder.display()
        ));
    }
    if let Some(files) = config.files.strip_prefix("file://")
        && is_inside(folder, Path::new(files))
    {
        return Err(format!(
            "{}: is inside the folder of the files; choose another one",
            folder.display()
        ));
    }
    let (core, _) = startup::open_core(config, Opening::Existing).await?;
    let partial = with_suffix(folder, ".partial");
    let finished = async {
        create_private_folder(&partial)?;
        let copied = match copy_installation(&core, config, &partial).await {
            Ok(lost) => std::fs::rename(&partial, folder)
                .map(|()| lost)
                .map_err(|error| format!("{}: {error}", folder.display())),
            Err(error) => Err(error),
        };
        if copied.is_err() {
            remove(&partial);
        }
        copied
    }
    .await;
    core.store().close().await;
    let lost = finished?;
    if !lost.is_empty() {
        return Err(format!(
            "{}: the backup was created without {} of the files that the database names, which are missing or changed in {}; the \
             first is {}",
            folder.display(),
            lost.len(),
            config.files,
            lost[0]
        ));
    }
    let mut text = format!(
        "Backup created in {}. Protect it like the server: it contains the master key.",
        folder.display()
    );
    let has_files = !config.files.starts_with("s3://");
    if !has_files {
        text += "\nFiles in the bucket are not included; enable bucket versioning to protect them.";
    }
    let json = json!({ "folder": folder.display().to_string(), "includesFiles": has_files });
    Ok(Answer::new(text, json))
}

/// Returns whether a folder that does not exist yet would be inside another one.
fn is_inside(folder: &Path, parent: &Path) -> bool {
    let Ok(parent) = parent.canonicalize() else {
        return false;
    };
    let absolute = std::path::absolute(folder).unwrap_or_default();
    let existing = absolute.ancestors().find_map(|ancestor| ancestor.canonicalize().ok());
    existing.is_some_and(|existing| existing.starts_with(parent))
}

/// Copies database, key and files; returns the files that are missing from the storage or changed.
async fn copy_installation(core: &Core, config: &Config, folder: &Path) -> Result<Vec<String>, String> {
    let key_check = read_key_check(core).await?;
    // Before the copy: what is stored later is not part of it.
    let expected = if config.files.starts_with("file://") {
        inventory::registered_files(core)
            .await
            .map_err(|error| crate::api::texts::sentences(&error))?
    } else {
        Vec::new()
    };
    match core.store().engine() {
        Engine::Sqlite => core
            .store()
            .copy_into(&folder.join("ordinavo.db").display().to_string())
            .await
            .map_err(|error| error.to_string())?,
        Engine::Postgres => {
            postgres::check_dump_role(core.store()).await?;
            postgres::dump(&config.database_url, &folder.join("ordinavo.dump"))?;
        }
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
    std::fs::write(folder.join(MANIFEST), text).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let sums = sums::write(folder)?;
    let lost = lost_files(core, expected, &sums).await?;
    if !lost.is_empty() {
        // Not part of the checksums: it says that old backups must be kept, and can be deleted.
        let path = folder.join(INCOMPLETE);
        std::fs::write(&path, lost.join("\n") + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(lost)
}

/// Returns the files that a copy lacks or has in another form, although they are still registered.
async fn lost_files(
    core: &Core,
    expected: Vec<RegisteredFile>,
    sums: &BTreeMap<String, String>,
) -> Result<Vec<String>, String> {
    let mut lost = Vec::new();
    for file in expected {
        if sums.get(&format!("files/{}", file.path())) == Some(&file.digest()) {
            continue;
        }
        // A copy may take long; content whose last row was deleted meanwhile may be gone.
        let is_stored = inventory::is_registered(core, &file).await;
        if is_stored.map_err(|error| crate::api::texts::sentences(&error))? {
            lost.push(file.path());
        }
    }
    Ok(lost)
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

pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Removes a file or folder that may not exist.
pub fn remove(path: &Path) {
    let _ = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
}

pub fn create_private_folder(folder: &Path) -> Result<(), String> {
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
        Some(parent) => {
            ordinavo_core::private_folder::create(parent).map_err(|error| format!("{}: {error}", parent.display()))
        }
        None => Ok(()),
    }
}

/// Copies a file and makes it readable only by its owner.
fn copy_private(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    make_private(to)
}

fn make_private(file: &Path) -> Result<(), String> {
    #[cfg(unix)]
    std::fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .map_err(|error| format!("{}: {error}", file.display()))?;
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Copies a folder, readable by its owner only.
fn copy_folder(from: &Path, to: &Path) -> Result<(), String> {
    let fail = |error: std::io::Error| format!("{}: {error}", from.display());
    ordinavo_core::private_folder::create(to).map_err(fail)?;
    if !from.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(from).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(fail)?.is_dir() {
            copy_folder(&entry.path(), &target)?;
            continue;
        }
        match std::fs::copy(entry.path(), &target) {
            // The server removed a file that no row names.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            copied => {
                copied.map_err(fail)?;
                make_private(&target)?;
            }
        }
    }
    Ok(())
}
