//! `ordinavo restore`: everything is checked and copied next to its destination first, and put in place at the end.

use std::path::{Path, PathBuf};

use ordinavo_core::clock::Clock;
use ordinavo_core::installation;
use ordinavo_core::installation::KeyMatch;
use ordinavo_core::private_folder;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::{Keyring, parse_hex};
use ordinavo_core::{PoolOptions, Store};
use serde_json::json;

use super::{
    KEY, MANIFEST, Manifest, copy_folder, copy_private, create_parent_folder, postgres, remove, sums, with_suffix,
};
use crate::cli::answer::Answer;
use crate::cli::in_use::ensure_unused;
use crate::cli::startup;
use crate::cli::startup::Opening;
use crate::config::Config;

/// Restores a backup into an installation without a database, or instead of it.
///
/// # Errors
/// Fails if something exists that may not be replaced, or if the backup is incomplete, damaged or of another key. Nothing
/// is changed then.
pub async fn restore(config: &Config, folder: &Path, replace: bool) -> Result<Answer, String> {
    let target = Target::new(config);
    check_manifest(folder, target.engine())?;
    for part in target.parts() {
        let part = folder.join(part);
        if !part.exists() {
            return Err(format!("{}: missing from the backup", part.display()));
        }
    }
    sums::verify(folder)?;
    let _lock = ensure_unused(&config.database_url).await?;
    let (ring, key_check) = read_keys(folder)?;
    if !replace {
        target.ensure_free(config, folder).await?;
    }
    let outcome = target.restore(folder, &ring, key_check.as_deref(), replace).await;
    target.remove_staged();
    outcome?;
    let (core, _) = startup::open_core(config, Opening::Upgrade).await?;
    let integrity = core.store().check_integrity().await;
    core.store().close().await;
    match integrity.map_err(|error| error.to_string())?.as_str() {
        "ok" => Ok(Answer::new(
            format!("Restored from {}. Integrity check passed.", folder.display()),
            json!({ "folder": folder.display().to_string(), "integrity": "ok" }),
        )),
        found => Err(format!("the integrity check of the restored database failed: {found}")),
    }
}

/// Checks what the backup says about itself.
fn check_manifest(folder: &Path, engine: &str) -> Result<(), String> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read(&path).map_err(|_| format!("{}: missing from the backup", path.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    if manifest.engine != engine {
        return Err(format!(
            "setting database_url: the backup is of {}, the database is {engine}; restore to {0}, then use `ordinavo move`",
            manifest.engine
        ));
    }
    let numbers = |version: &str| -> Vec<u64> { version.split('.').filter_map(|part| part.parse().ok()).collect() };
    if numbers(&manifest.version) > numbers(env!("CARGO_PKG_VERSION")) {
        return Err(format!(
            "{}: the backup is of version {}, which is newer than this program",
            path.display(),
            manifest.version
        ));
    }
    Ok(())
}

/// Where the parts of a backup go.
struct Target {
    sqlite: Option<PathBuf>,
    url: String,
    files: Option<PathBuf>,
    key: PathBuf,
}

impl Target {
    fn new(config: &Config) -> Self {
        Self {
            sqlite: config.database_url.strip_prefix("sqlite://").map(PathBuf::from),
            url: config.database_url.clone(),
            files: config.files.strip_prefix("file://").map(PathBuf::from),
            key: config.secret_key_file.clone(),
        }
    }

    fn engine(&self) -> &'static str {
        if self.sqlite.is_some() { "sqlite" } else { "postgres" }
    }

    fn parts(&self) -> Vec<&'static str> {
        let mut parts = vec![KEY];
        parts.push(if self.sqlite.is_some() {
            "ordinavo.db"
        } else {
            "ordinavo.dump"
        });
        parts.extend(self.files.as_ref().map(|_| "files"));
        parts
    }

    /// Fails if something exists that the backup would replace.
    async fn ensure_free(&self, config: &Config, folder: &Path) -> Result<(), String> {
        let occupied = |what: String| Err(format!("{what}; move it first, or replace everything with --replace"));
        match &self.sqlite {
            Some(path) if path.exists() => return occupied(format!("{}: a database already exists", path.display())),
            Some(_) => {}
            None => {
                let store = Store::open_with(
                    &config.database_url,
                    &PoolOptions::default(),
                    Clock::system(),
                    Randomness::from_system(),
                )
                .await
                .map_err(|error| startup::store_message(&error))?;
                let is_empty = postgres::is_empty(&store).await;
                store.close().await;
                if !is_empty? {
                    return occupied("the database is not empty".to_owned());
                }
            }
        }
        if let Some(files) = &self.files
            && std::fs::read_dir(files).is_ok_and(|mut entries| entries.next().is_some())
        {
            return occupied(format!("{}: the folder is not empty", files.display()));
        }
        let is_same = || Some(std::fs::read(&self.key).ok()? == std::fs::read(folder.join(KEY)).ok()?);
        if self.key.exists() && is_same() != Some(true) {
            return occupied(format!("{}: a different master key already exists", self.key.display()));
        }
        Ok(())
    }

    /// Copies everything next to its destination, loads the database, and then only renames.
    async fn restore(
        &self,
        folder: &Path,
        ring: &Keyring,
        key_check: Option<&[u8]>,
        replace: bool,
    ) -> Result<(), String> {
        self.remove_staged();
        if let Some(files) = &self.files {
            create_parent_folder(files)?;
            copy_folder(&folder.join("files"), &staged(files))?;
        }
        create_parent_folder(&self.key)?;
        copy_private(&folder.join(KEY), &staged(&self.key))?;
        match &self.sqlite {
            Some(path) => {
                create_parent_folder(path)?;
                let from = folder.join("ordinavo.db");
                copy_private(&from, &staged(path))?;
                check_copy(&from, &staged(path), ring).await?;
                for log in ["-wal", "-shm"] {
                    // SQLite would apply the log of the replaced database to the new one.
                    remove(&with_suffix(path, log));
                }
                rename(&staged(path), path)?;
            }
            None => postgres::load(&self.url, &folder.join("ordinavo.dump"), replace, key_check)?,
        }
        if let Some(files) = &self.files {
            let replaced = with_suffix(files, ".replaced");
            // Before the old folder moves away: it says who owns the new one.
            private_folder::adopt_owner(&staged(files), files);
            if files.exists() {
                remove(&replaced);
                move_to(files, &replaced)?;
            }
            move_to(&staged(files), files)?;
            remove(&replaced);
        }
        rename(&staged(&self.key), &self.key)
    }

    fn remove_staged(&self) {
        for path in [self.sqlite.as_ref(), self.files.as_ref(), Some(&self.key)]
            .into_iter()
            .flatten()
        {
            for suffix in ["", "-wal", "-shm"] {
                remove(&with_suffix(&staged(path), suffix));
            }
        }
    }
}

fn staged(path: &Path) -> PathBuf {
    with_suffix(path, ".restoring")
}

/// Puts a copy in place, with the owner of what it replaces or of the folder.
fn rename(from: &Path, to: &Path) -> Result<(), String> {
    private_folder::adopt_owner(from, to);
    move_to(from, to)
}

fn move_to(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::rename(from, to).map_err(|error| format!("{}: {error}", to.display()))
}

/// Returns the keys of a backup and the value of its database that they must open.
fn read_keys(folder: &Path) -> Result<(Keyring, Option<Vec<u8>>), String> {
    let path = folder.join(KEY);
    let ring = Keyring::open(&path).map_err(|error| error.to_string())?;
    let text = match std::fs::read_to_string(folder.join(MANIFEST)) {
        Ok(text) => text,
        // A backup of an earlier version has none; its database is compared instead.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((ring, None)),
        Err(error) => return Err(format!("{MANIFEST}: {error}")),
    };
    let manifest: Manifest = serde_json::from_str(&text).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let key_check = parse_hex(&manifest.key_check).ok_or_else(|| format!("{MANIFEST}: keyCheck is invalid"))?;
    if installation::opens(&ring, &key_check) {
        Ok((ring, Some(key_check)))
    } else {
        Err(foreign_key(&path))
    }
}

fn foreign_key(path: &Path) -> String {
    format!(
        "{}: this key does not belong to the database of the backup",
        path.display()
    )
}

/// Checks the integrity and the key of a copied database.
async fn check_copy(from: &Path, copy: &Path, ring: &Keyring) -> Result<(), String> {
    let damaged = |error: String| format!("{}: the database is damaged: {error}", from.display());
    let store = Store::open(
        &format!("sqlite://{}", copy.display()),
        Clock::system(),
        Randomness::from_system(),
    )
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
        match installation::match_key(&store, ring).await {
            Ok(KeyMatch::Match | KeyMatch::Unbound) => Ok(()),
            Ok(KeyMatch::Mismatch) => Err(foreign_key(&from.with_file_name(KEY))),
            Err(error) => Err(damaged(crate::api::texts::sentences(&error))),
        }
    };
    let outcome = check.await;
    store.close().await;
    outcome
}
