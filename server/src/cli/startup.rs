//! Startup and shutdown shared by all commands.

use std::path::Path;

use ordinavo_core::audit;
use ordinavo_core::clock::Clock;
use ordinavo_core::files::FileStore;
use ordinavo_core::installation;
use ordinavo_core::installation::{KeyMatch, Usage};
use ordinavo_core::randomness::Randomness;
use ordinavo_core::secrets::Keyring;
use ordinavo_core::{Core, DatabaseRole, PoolOptions, Process, Schema, Store, StoreError};
use serde_json::json;

use super::answer::Answer;
use crate::config::Config;

/// What a command may create. A command that finds less than it needs says what is missing: a new database or key next to
/// the lost one would look like a working installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// `serve`: creates database and key if both are missing, and applies pending migrations.
    FirstStart,
    /// `migrate --create` and `demo`: creates what is missing in an installation that is not in use.
    Create,
    /// `worker` and `restore`: applies pending migrations.
    Upgrade,
    /// All other commands: nothing.
    Existing,
}

/// Opens database, files and keys for a command that an operator waits for: statements may take as long as they need.
pub async fn open_core(config: &Config, opening: Opening) -> Result<(Core, Keyring), String> {
    open_core_with(config, opening, &command_options(config)?, false).await
}

/// Opens database, files and keys for a server or worker, with a role to which row-level security applies.
pub async fn open_for_service(config: &Config, process: Process, opening: Opening) -> Result<(Core, Keyring), String> {
    open_core_with(
        config,
        opening,
        &config.pool_options(process)?,
        !config.database_allow_owner,
    )
    .await
}

fn command_options(config: &Config) -> Result<PoolOptions, String> {
    Ok(PoolOptions {
        statement_timeout: None,
        ..config.pool_options(Process::Command)?
    })
}

async fn open_core_with(
    config: &Config,
    opening: Opening,
    options: &PoolOptions,
    limits_role: bool,
) -> Result<(Core, Keyring), String> {
    let randomness = Randomness::from_system();
    let Opened {
        store,
        has_upgraded,
        is_new,
    } = open_store(config, opening, options, limits_role).await?;
    // Before the key, with which the installation counts as started: an interrupted first start is repeated.
    let files = match config.files_timeout() {
        Ok(timeout) => {
            FileStore::open_with(&config.files, timeout, is_new).map_err(|error| format!("setting files: {error}"))
        }
        Err(error) => Err(error),
    };
    let files = match files {
        Ok(files) => files,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let keyring = match open_keyring(&store, config, opening).await {
        Ok(keyring) => keyring,
        Err(error) => {
            store.close().await;
            return Err(error);
        }
    };
    let cookie_keyring = read_keyring(&config.secret_key_file)?;
    let core = Core::new(store, Clock::system(), randomness, keyring, files, config.settings()?)
        .with_key_file(&config.secret_key_file)
        .map_err(|error| key_error(&error))?;
    if has_upgraded {
        audit::verification::adopt_chains(&core)
            .await
            .map_err(|error| database_error(&error))?;
    }
    Ok((core, cookie_keyring))
}

/// A database that a command may use.
struct Opened {
    store: Store,
    /// Whether this process upgraded a database whose audit log has no keys. Only then the entries so far may be without one;
    /// anybody who can write to the database could remove the keys later.
    has_upgraded: bool,
    /// Whether there was no installation yet.
    is_new: bool,
}

/// Opens the database, applies migrations where the command may, and fails if there is none.
async fn open_store(
    config: &Config,
    opening: Opening,
    options: &PoolOptions,
    limits_role: bool,
) -> Result<Opened, String> {
    let creates = match opening {
        Opening::FirstStart => !config.secret_key_file.exists(),
        Opening::Create => true,
        Opening::Upgrade | Opening::Existing => false,
    };
    if let Some(path) = config.database_url.strip_prefix("sqlite://")
        && !Path::new(path).exists()
        && !creates
    {
        return Err(missing_database(config, &format!("{path} does not exist"), opening));
    }
    let store = Store::open_with(
        &config.database_url,
        options,
        Clock::system(),
        Randomness::from_system(),
    )
    .await
    .map_err(|error| store_message(&error))?;
    let checked = async {
        let role = store.role().await.map_err(|error| store_message(&error))?;
        if let Some(role) = role.as_ref().filter(|_| limits_role) {
            check_role(role)?;
        }
        // First, because it says what is wrong with the rights of the role.
        let schema = store.schema().await.map_err(|error| store_message(&error))?;
        let usage = installation::usage(&store)
            .await
            .map_err(|error| database_error(&error))?;
        let is_new = usage != Usage::InUse;
        if is_new && !creates {
            return Err(missing_database(config, "the database is empty", opening));
        }
        if opening == Opening::Existing {
            return require_schema(&store).await.map(|()| (false, is_new));
        }
        match schema {
            Schema::Current => return Ok((false, is_new)),
            Schema::Newer => return Err(NEWER_SCHEMA.to_owned()),
            Schema::Missing(_) => {}
        }
        if let (Some(role), Schema::Missing(missing)) = (&role, schema)
            && !role.may_create_tables
        {
            return Err(format!(
                "database: {missing} migrations are pending, and the role {} may not apply them; run `ordinavo migrate` as the \
                 owner of the tables (`ordinavo docs postgresql-roles`)",
                role.name
            ));
        }
        let had_keys = store.has_audit_keys().await.map_err(|error| store_message(&error))?;
        store.migrate().await.map_err(|error| format!("migration: {error}"))?;
        Ok((!is_new && !had_keys, is_new))
    };
    match checked.await {
        Ok((has_upgraded, is_new)) => Ok(Opened {
            store,
            has_upgraded,
            is_new,
        }),
        Err(error) => {
            store.close().await;
            Err(error)
        }
    }
}

/// Fails for a role with more rights than a server needs: row-level security would not apply to it, or could be removed.
fn check_role(role: &DatabaseRole) -> Result<(), String> {
    let would_own = (!role.has_tables && role.may_create_tables).then_some("would own the tables");
    match role.excess().or(would_own) {
        None => Ok(()),
        Some(reason) => Err(format!(
            "setting database_url: the role {} {reason}, so the tenants are not separated by the database; use the role \
             ordinavo_app (`ordinavo docs postgresql-roles`), or set database_allow_owner to accept this",
            role.name
        )),
    }
}

/// Fails for a role that cannot delete an audit log.
pub async fn ensure_may_delete_tenants(core: &Core) -> Result<(), String> {
    match core.store().role().await.map_err(|error| store_message(&error))? {
        Some(role) if !role.owns_tables && !role.is_superuser => Err(format!(
            "the role {} may not delete a tenant with its audit log; use the role that owns the tables \
             (`ordinavo docs postgresql-roles`)",
            role.name
        )),
        _ => Ok(()),
    }
}

fn missing_database(config: &Config, reason: &str, opening: Opening) -> String {
    let key_file = config.secret_key_file.display();
    let key = if opening == Opening::FirstStart {
        format!(", although there is a key file ({key_file})")
    } else {
        String::new()
    };
    format!(
        "setting database_url: {reason}{key}; check the setting and the working directory, restore a backup with `ordinavo \
         restore`, or create a new installation with `ordinavo migrate --create`"
    )
}

const NEWER_SCHEMA: &str = "database: a newer version of Ordinavo has migrated the schema; use that version";

async fn require_schema(store: &Store) -> Result<(), String> {
    match store.schema().await.map_err(|error| store_message(&error))? {
        Schema::Current => Ok(()),
        Schema::Missing(missing) => Err(format!(
            "database: {missing} migrations are pending; apply them with `ordinavo migrate`"
        )),
        Schema::Newer => Err(NEWER_SCHEMA.to_owned()),
    }
}

/// Says what is wrong with the database for the operator who has to mend it.
pub fn store_message(error: &StoreError) -> String {
    match error {
        StoreError::Unavailable(reason) => format!("setting database_url: the database cannot be reached: {reason}"),
        StoreError::Refused(reason) | StoreError::Forbidden(reason) => format!(
            "setting database_url: the database refuses the connection: {reason}; `ordinavo docs postgresql-roles` names \
             the roles and their rights"
        ),
        other => format!("database: {other}"),
    }
}

fn database_error(error: &ordinavo_core::CoreError) -> String {
    error.log();
    format!("database: {}", crate::api::texts::sentences(error))
}

/// Reads the key file and compares it with the database; creates one for a database that is not in use.
async fn open_keyring(store: &Store, config: &Config, opening: Opening) -> Result<Keyring, String> {
    let path = &config.secret_key_file;
    if !path.exists() {
        let may_create = matches!(opening, Opening::FirstStart | Opening::Create)
            && installation::usage(store)
                .await
                .map_err(|error| database_error(&error))?
                != Usage::InUse;
        if !may_create {
            return Err(format!(
                "setting secret_key_file: {} does not exist, and the database belongs to a key; check the setting and the \
                 working directory, or copy secret.key from a backup",
                path.display()
            ));
        }
        Keyring::create(path, &Randomness::from_system()).map_err(|error| key_error(&error))?;
    }
    let keyring = read_keyring(path)?;
    let found = if opening == Opening::Existing {
        installation::match_key(store, &keyring).await
    } else {
        installation::bind_key(store, &keyring).await
    };
    match found.map_err(|error| database_error(&error))? {
        KeyMatch::Match => Ok(keyring),
        KeyMatch::Mismatch => Err(format!(
            "setting secret_key_file: {} is not the key of this database; copy the key of the other servers, or secret.key \
             from the backup of this database",
            path.display()
        )),
        KeyMatch::Unbound => Err(
            "database: the first start was not completed; run `ordinavo serve` or `ordinavo migrate --create`"
                .to_owned(),
        ),
    }
}

fn read_keyring(path: &Path) -> Result<Keyring, String> {
    Keyring::open(path).map_err(|error| key_error(&error))
}

fn key_error(error: &ordinavo_core::secrets::SecretError) -> String {
    format!("setting secret_key_file: {error}")
}

/// Applies pending migrations. The owner of the tables may do so without the key.
pub async fn migrate(config: &Config) -> Result<Answer, String> {
    let options = command_options(config)?;
    if config.secret_key_file.exists() {
        let (core, _) = open_core_with(config, Opening::Upgrade, &options, false).await?;
        core.store().close().await;
        return Ok(migrated(false));
    }
    let opened = open_store(config, Opening::Upgrade, &options, false).await?;
    opened.store.close().await;
    Ok(migrated(opened.has_upgraded))
}

/// Returns the answer of a migration, and whether the keys of the audit log still have to be recorded.
pub fn migrated(needs_audit_keys: bool) -> Answer {
    let text = if needs_audit_keys {
        "Run `ordinavo audit adopt` once where the key file is: the audit log has keys from now on."
    } else {
        ""
    };
    Answer::new(
        text,
        json!({ "isCurrent": true, "needsAuditAdoption": needs_audit_keys }),
    )
}

/// Returns the answer of a migration that may create the installation: where the parts are that every machine needs.
pub fn created(config: &Config) -> Answer {
    let key = config.secret_key_file.display();
    // The URL of a database on another machine may contain a password.
    let database = config.database_url.strip_prefix("sqlite://").unwrap_or("PostgreSQL");
    Answer::new(
        format!("Database: {database}. Master key: {key}; copy it to all machines, and keep a backup of it."),
        json!({ "isCurrent": true, "needsAuditAdoption": false, "secretKeyFile": key.to_string() }),
    )
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
