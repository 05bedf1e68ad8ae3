//! Dumps and loads a PostgreSQL database with the tools of PostgreSQL.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ordinavo_core::secrets::hex;
use ordinavo_core::{DatabaseRole, Store};

use crate::cli::startup;

/// Removes what is in the schema, in the transaction that loads the backup. Rights that were granted for future tables stay.
const EMPTY_SCHEMA: &str = "DO $$ DECLARE entry record; BEGIN \
    FOR entry IN SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' LOOP \
        EXECUTE format('DROP TABLE public.%I CASCADE', entry.name); \
    END LOOP; \
    FOR entry IN SELECT p.oid::regprocedure AS name FROM pg_proc AS p WHERE p.pronamespace = 'public'::regnamespace \
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e') LOOP \
        EXECUTE format('DROP FUNCTION %s CASCADE', entry.name); \
    END LOOP; \
    END $$";

/// Fails unless the role reads the rows of all tenants.
pub async fn check_dump_role(store: &Store) -> Result<(), String> {
    let role = role(store).await?;
    if role.reads_all_rows() {
        return Ok(());
    }
    Err(format!(
        "row-level security hides rows from the role {}; back up with the role ordinavo_backup \
         (`ordinavo docs postgresql-roles`)",
        role.name
    ))
}

/// Returns whether there are tables in the database.
pub async fn is_empty(store: &Store) -> Result<bool, String> {
    Ok(!role(store).await?.has_tables)
}

async fn role(store: &Store) -> Result<DatabaseRole, String> {
    store
        .role()
        .await
        .map_err(|error| startup::store_message(&error))?
        .ok_or_else(|| "the database is not PostgreSQL".to_owned())
}

/// Writes a dump in PostgreSQL's archive format.
pub fn dump(url: &str, file: &Path) -> Result<(), String> {
    let connection = Connection::open(url)?;
    let mut command = connection.command("pg_dump");
    command.args(["--format=custom", "--file"]).arg(file);
    command.args(["--dbname", &connection.url]);
    run("pg_dump", &mut command)
}

/// Loads a dump in one transaction, which fails as a whole. `key_check` is the value that the database must contain.
pub fn load(url: &str, dump: &Path, replace: bool, key_check: Option<&[u8]>) -> Result<(), String> {
    let connection = Connection::open(url)?;
    // pg_restore cannot remove what the backup does not contain, so psql runs its script.
    let script = Temporary::create("sql", b"")?;
    let mut command = Command::new("pg_restore");
    command
        .args(["--no-owner", "--no-privileges", "--file"])
        .arg(&script.path)
        .arg(dump);
    run("pg_restore", &mut command)?;
    let mut command = connection.command("psql");
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--set",
        "ON_ERROR_STOP=1",
    ]);
    command
        .args(["--dbname", &connection.url, "--output"])
        .arg(null_device());
    if replace {
        command.args(["--command", EMPTY_SCHEMA]);
    }
    command.arg("--file").arg(&script.path);
    if let Some(key_check) = key_check {
        command.args(["--command", &key_check_statement(key_check)]);
    }
    run("psql", &mut command)
}

/// Returns a statement that fails if the loaded database belongs to another key.
fn key_check_statement(key_check: &[u8]) -> String {
    format!(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM public.installation WHERE encode(sealed_check, 'hex') = '{}') \
         THEN RAISE 'the key of the backup does not belong to its database'; END IF; END $$",
        hex(key_check)
    )
}

fn null_device() -> &'static str {
    if cfg!(windows) { "NUL" } else { "/dev/null" }
}

fn run(name: &str, command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name}: {error}; install the PostgreSQL client tools"))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name} failed: {}", reason.trim()))
}

/// A URL without a password, and the file that contains it: everybody on the machine sees the arguments of a process.
struct Connection {
    url: String,
    password_file: Option<Temporary>,
}

impl Connection {
    fn open(url: &str) -> Result<Self, String> {
        let mut url = url::Url::parse(url).map_err(|error| format!("setting database_url: {error}"))?;
        let password_file = match url.password() {
            None => None,
            Some(password) => {
                let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
                let escaped = password.replace('\\', "\\\\").replace(':', "\\:");
                Some(Temporary::create("pgpass", format!("*:*:*:*:{escaped}\n").as_bytes())?)
            }
        };
        let _ = url.set_password(None);
        Ok(Self {
            url: url.to_string(),
            password_file,
        })
    }

    /// Returns a command that finds the password. Without one in the URL, the operator's `PGPASSFILE` applies.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        if let Some(file) = &self.password_file {
            command.env("PGPASSFILE", &file.path).env_remove("PGPASSWORD");
        }
        command
    }
}

/// A file readable by its owner only, which is removed at the end.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn create(kind: &str, content: &[u8]) -> Result<Self, String> {
        let random = hex(&ordinavo_core::randomness::Randomness::from_system().bytes::<12>());
        let path = std::env::temp_dir().join(format!("ordinavo-{random}.{kind}"));
        let fail = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fail)?;
        file.write_all(content).map_err(fail)?;
        Ok(Self { path })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
