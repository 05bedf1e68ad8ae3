//! Backup and restore with the documented roles, compared row by row and file by file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use ordinavo_core::clock::Clock;
use ordinavo_core::randomness::Randomness;
use ordinavo_core::{DatabaseUse, Engine, PoolOptions, Process, ReplacingSession, Store, StoreError};
use rstest::rstest;

use crate::support::installation::Installation;
use crate::support::raw::Raw;

pub(super) const ROLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../packaging/postgresql/roles.sql");

/// An installation whose PostgreSQL database has the documented roles.
struct Site {
    installation: Installation,
    /// The database as superuser, who reads all rows.
    superuser: String,
}

/// Returns a URL with another role and no password.
pub(super) fn with_role(url: &str, role: &str) -> String {
    let (_, rest) = url.split_once('@').unwrap();
    format!("postgres://{role}@{rest}")
}

impl Site {
    fn create(engine: Engine, name: &str) -> Option<Self> {
        let installation = match engine {
            Engine::Sqlite => Installation::on_sqlite(name),
            Engine::Postgres => Installation::on_postgres(name)?.with(&[("ORDINAVO_DATABASE_ALLOW_OWNER", "false")]),
        };
        let mut superuser = installation.database().to_owned();
        if engine == Engine::Postgres {
            superuser = with_role(&superuser, "postgres");
            let output = Command::new("psql")
                .args(["-v", "ON_ERROR_STOP=1", "-qf", ROLES, &superuser])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        Some(Self {
            installation,
            superuser,
        })
    }

    fn is_postgres(&self) -> bool {
        self.superuser.starts_with("postgres")
    }

    /// Runs a command as a role; SQLite has none.
    fn run(&self, role: &str, arguments: &[&str]) -> (bool, String) {
        let database = if self.is_postgres() {
            with_role(&self.superuser, role)
        } else {
            self.superuser.clone()
        };
        let site = self.installation.another_server().with_database(&database);
        let (status, output) = site.run(arguments);
        (status.success(), output)
    }

    fn expect_success(&self, role: &str, arguments: &[&str]) {
        let (is_success, output) = self.run(role, arguments);
        assert!(is_success, "{role} {arguments:?}: {output}");
    }

    /// Returns every row of every table as text.
    async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let raw = Raw::open(&self.superuser).await;
        let mut tables = BTreeMap::new();
        let list = if self.is_postgres() {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        };
        for table in raw.texts(list).await {
            let table = &table[0];
            let query = if self.is_postgres() {
                format!("SELECT t::text FROM \"{table}\" AS t")
            } else {
                let columns = raw
                    .texts(&format!("SELECT name FROM pragma_table_info('{table}')"))
                    .await;
                let quoted: Vec<String> = columns
                    .iter()
                    .map(|column| format!("quote(\"{}\")", column[0]))
                    .collect();
                format!("SELECT {} FROM \"{table}\"", quoted.join(" || ',' || "))
            };
            let mut rows: Vec<String> = raw.texts(&query).await.into_iter().flatten().collect();
            rows.sort();
            tables.insert(table.clone(), rows);
        }
        raw.close().await;
        tables
    }

    /// Returns every file with its content.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let root = self.installation.folder.join("files");
        let mut found = BTreeMap::new();
        collect(&root, &root, &mut found);
        found
    }

    fn key(&self) -> Vec<u8> {
        std::fs::read(self.installation.folder.join("secret.key")).unwrap()
    }

    fn remove(self) {
        std::fs::remove_dir_all(&self.installation.folder).unwrap();
    }
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            found.insert(
                path.strip_prefix(root).unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            );
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn backup_with_documented_roles_restores_every_row_and_file(#[case] engine: Engine) {
    let suffix = if engine == Engine::Sqlite { "s" } else { "p" };
    let Some(source) = Site::create(engine, &format!("backup-source-{suffix}")) else {
        return;
    };
    let target = Site::create(engine, &format!("backup-target-{suffix}")).unwrap();
    source.expect_success("ordinavo_owner", &["demo", "--small"]);
    let folder = source.installation.folder.join("backup");
    let backup = folder.to_str().unwrap();
    if engine == Engine::Postgres {
        // Row-level security would hide rows: nothing is left of the attempt.
        for role in ["ordinavo_owner", "ordinavo_app"] {
            let (is_success, output) = source.run(role, &["backup", backup]);
            assert!(!is_success && output.contains("ordinavo_backup"), "{role}: {output}");
        }
        assert!(!folder.exists() && !source.installation.folder.join("backup.partial").exists());
    }
    source.expect_success("ordinavo_backup", &["backup", backup]);

    target.expect_success("ordinavo_owner", &["restore", backup]);
    assert_eq!(target.rows().await, source.rows().await);
    assert!(!source.files().is_empty());
    assert_eq!(target.files(), source.files());
    assert_eq!(target.key(), source.key());
    target.expect_success("ordinavo_app", &["doctor"]);

    // What exists is replaced on demand only, and completely.
    assert!(!target.run("ordinavo_owner", &["restore", backup]).0);
    target.expect_success(
        "ordinavo_app",
        &["admin", "lock-user", "nordlicht", &source.staff_email().await],
    );
    std::fs::write(target.installation.folder.join("files/surplus"), "x").unwrap();
    assert_ne!(target.rows().await, source.rows().await);
    assert!(!target.run("ordinavo_owner", &["restore", backup]).0);
    assert_ne!(target.rows().await, source.rows().await);
    target.expect_success("ordinavo_owner", &["restore", "--replace", backup]);
    assert_eq!(target.rows().await, source.rows().await);
    assert_eq!(target.files(), source.files());

    // A damaged backup changes nothing.
    let database = folder.join(if engine == Engine::Sqlite {
        "ordinavo.db"
    } else {
        "ordinavo.dump"
    });
    let bytes = std::fs::read(&database).unwrap();
    std::fs::write(&database, &bytes[..bytes.len() / 2]).unwrap();
    assert!(!target.run("ordinavo_owner", &["restore", "--replace", backup]).0);
    assert_eq!(target.rows().await, source.rows().await);
    assert_eq!(target.files(), source.files());
    source.remove();
    target.remove();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn restore_and_move_beside_servers_are_refused(#[case] engine: Engine) {
    let suffix = if engine == Engine::Sqlite { "s" } else { "p" };
    let Some(site) = Site::create(engine, &format!("backup-beside-{suffix}")) else {
        return;
    };
    site.expect_success("ordinavo_owner", &["demo", "--small"]);
    site.expect_success("ordinavo_backup", &["backup", "backup"]);
    let app = if site.is_postgres() {
        with_role(&site.superuser, "ordinavo_app")
    } else {
        site.superuser.clone()
    };
    let server = site.installation.another_server().with_database(&app);
    let running = server.start(&crate::support::client()).await;
    let before = site.files();
    for command in [
        &["restore", "--replace", "backup"] as &[&str],
        &["move", "--to", "postgres://127.0.0.1:1/none"],
    ] {
        let (is_success, output) = site.run("ordinavo_owner", command);
        assert!(
            !is_success && output.contains("stop them first"),
            "{command:?}: {output}"
        );
    }
    assert_eq!(site.files(), before);
    let client = crate::support::client();
    assert!(
        client
            .get(server.url("/readyz"))
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    // A server that was killed no longer counts.
    drop(running);
    if site.is_postgres() {
        // While one command holds the database, no server and no second command starts.
        let held = async {
            loop {
                match ReplacingSession::begin(&site.superuser).await.unwrap() {
                    DatabaseUse::None(session) => return session,
                    _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
                }
            }
        };
        let held = tokio::time::timeout(std::time::Duration::from_secs(60), held)
            .await
            .unwrap();
        let (is_success, output) = site.run("ordinavo_owner", &["restore", "--replace", "backup"]);
        assert!(!is_success && output.contains("replacing the database"), "{output}");
        for process in [Process::Server, Process::Worker] {
            let options = PoolOptions {
                process,
                ..PoolOptions::default()
            };
            let opened = Store::open_with(&app, &options, Clock::system(), Randomness::from_system()).await;
            assert!(matches!(opened, Err(StoreError::Conflict(_))), "{process:?}");
        }
        drop(held);
    }
    let restored = async {
        while !site.run("ordinavo_owner", &["restore", "--replace", "backup"]).0 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), restored)
        .await
        .unwrap();
    drop(server.start(&client).await);
    site.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_role_and_unreachable_database_are_told_apart() {
    let Some(site) = Site::create(Engine::Postgres, "refused-role") else {
        return;
    };
    let of = |database: &str| {
        let installation = site.installation.another_server().with_database(database);
        let (status, output) = installation.run(&["doctor"]);
        assert!(!status.success(), "{database}: {output}");
        output
    };
    for refused in [
        with_role(&site.superuser, "unknown_role"),
        format!("{}_missing", site.superuser),
    ] {
        let output = of(&refused);
        assert!(output.contains("ordinavo docs postgresql-roles"), "{output}");
    }
    site.expect_success("ordinavo_owner", &["migrate", "--create"]);
    // A role without rights, to which the database looks empty.
    let raw = Raw::open(&site.superuser).await;
    raw.run("DROP ROLE IF EXISTS ordinavo_without_rights").await;
    raw.run("CREATE ROLE ordinavo_without_rights LOGIN").await;
    let output = of(&with_role(&site.superuser, "ordinavo_without_rights"));
    raw.run("DROP ROLE ordinavo_without_rights").await;
    raw.close().await;
    assert!(
        output.contains("ordinavo docs postgresql-roles") && !output.contains("is empty"),
        "{output}"
    );
    let output = of("postgres://ordinavo_app@127.0.0.1:1/ordinavo");
    assert!(
        output.contains("cannot be reached") && output.contains("refused"),
        "{output}"
    );
    site.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_files_are_noticed_by_backup_doctor_and_server() {
    use std::os::unix::fs::PermissionsExt as _;

    let site = Site::create(Engine::Sqlite, "lost files").unwrap();
    site.expect_success("", &["demo", "--small"]);
    let (files, away) = (
        site.installation.folder.join("files"),
        site.installation.folder.join("files.away"),
    );
    site.expect_success("", &["backup", "whole"]);
    let all = site.files();
    let (first, content) = all.first_key_value().unwrap();
    let backup = |name: &str| {
        let (is_success, output) = site.run("", &["backup", name]);
        assert!(!is_success && output.contains("missing or changed"), "{name}: {output}");
        // What is there is kept: it may be all that is left.
        assert!(site.installation.folder.join(name).join("ordinavo.db").exists());
        let lost = std::fs::read_to_string(site.installation.folder.join(name).join("INCOMPLETE")).unwrap();
        assert!(lost.trim_end().ends_with(&first.display().to_string()), "{lost}");
    };
    std::fs::write(files.join(first), "changed").unwrap();
    backup("changed");
    std::fs::remove_file(files.join(first)).unwrap();
    backup("incomplete");
    assert!(!site.run("", &["doctor"]).0);
    std::fs::write(files.join(first), content).unwrap();
    site.expect_success("", &["doctor"]);

    // A folder that is not mounted is not replaced by an empty one, and nothing is stored beside it.
    std::fs::rename(&files, &away).unwrap();
    for command in [&["doctor"] as &[&str], &["backup", "empty"]] {
        assert!(!site.run("", command).0, "{command:?}");
    }
    let server = site.installation.another_server();
    let process = crate::support::installation::Process(server.command(&["serve"]).spawn().unwrap());
    let client = crate::support::client();
    let status = async || Some(client.get(server.url("/readyz")).send().await.ok()?.status().as_u16());
    let waits_for = async |expected: u16| {
        while status().await != Some(expected) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, waits_for(503)).await.unwrap();
    assert!(!files.exists());
    std::fs::rename(&away, &files).unwrap();
    tokio::time::timeout(limit, waits_for(200)).await.unwrap();
    drop(process);

    // What is left of an incomplete backup can be restored.
    site.expect_success("", &["restore", "--replace", "incomplete"]);
    // What is restored is readable by its owner only.
    site.expect_success("", &["restore", "--replace", "whole"]);
    assert_eq!(site.files(), all);
    for path in [
        files.clone(),
        files.join(first),
        files.join(first).parent().unwrap().to_owned(),
    ] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode & 0o077, 0, "{} {mode:o}", path.display());
    }
    // Root gives what is restored to the owner of what it replaces, not to that of the folder above.
    let owner = |path: &Path| std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).unwrap());
    if owner(&files) == 0 {
        const SERVICE: u32 = 65_534;
        for path in [&files, &site.installation.folder.join("secret.key")] {
            std::os::unix::fs::chown(path, Some(SERVICE), Some(SERVICE)).unwrap();
        }
        site.expect_success("", &["restore", "--replace", "whole"]);
        for path in [&files, &files.join(first), &site.installation.folder.join("secret.key")] {
            assert_eq!(owner(path), SERVICE, "{}", path.display());
        }
    }
    let (is_success, output) = site.run("", &["backup", "whole/inside"]);
    assert!(!is_success && output.contains("inside a backup"), "{output}");
    site.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn first_start_creates_the_folder_of_the_database() {
    let installation = Installation::on_sqlite("first-start");
    let folder = installation.folder.join("data/deeper");
    let first = installation
        .another_server()
        .with_database(&format!("sqlite://{}/ordinavo.db", folder.display()));
    // A folder of files that cannot be made leaves a first start that can be repeated, also with a key that is there already.
    std::fs::write(installation.folder.join("occupied"), "").unwrap();
    let occupied = format!("file://{}/occupied/files", installation.folder.display());
    let (status, output) = first
        .another_server()
        .with(&[("ORDINAVO_FILES", &occupied)])
        .run(&["serve"]);
    assert!(!status.success() && output.contains("setting files"), "{output}");
    let files = format!("file://{}/deeper/../files of all", folder.display());
    let first = first.with(&[("ORDINAVO_FILES", &files)]);
    drop(first.start(&crate::support::client()).await);
    assert!(folder.join("ordinavo.db").exists() && folder.join("files of all").is_dir());
    // A newer version has migrated the database.
    let raw = Raw::open(first.database()).await;
    raw.run(
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         SELECT 9999, 'later', installed_on, success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    raw.close().await;
    for command in ["serve", "migrate", "doctor"] {
        let (status, output) = first.run(&[command]);
        assert!(
            !status.success() && output.contains("a newer version"),
            "{command}: {output}"
        );
    }
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[test]
fn database_url_that_is_none_is_refused_without_its_password() {
    let installation = Installation::on_sqlite("database-url");
    for url in [
        "mysql://u:sekret@x/y",
        "postgres:/u:sekret@x/y",
        "postgres://u:sekret@127.0.0.1:1/y?sslmod=verify-full",
    ] {
        let (status, output) = installation.another_server().with_database(url).run(&["doctor"]);
        assert!(!status.success() && output.contains("setting database_url"), "{output}");
        assert!(!output.contains("sekret"), "{output}");
    }
    // Providers write parameters of other clients.
    let other = "postgres://u@127.0.0.1:1/y?channel_binding=require&sslmode=disable";
    let (_, output) = installation.another_server().with_database(other).run(&["doctor"]);
    assert!(output.contains("cannot be reached"), "{output}");
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

impl Site {
    async fn staff_email(&self) -> String {
        let raw = Raw::open(&self.superuser).await;
        let rows = raw
            .texts("SELECT account.email FROM staff_account AS account JOIN tenant ON tenant.id = account.tenant_id WHERE tenant.slug = 'nordlicht' ORDER BY 1")
            .await;
        raw.close().await;
        rows[0][0].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_role_with_too_many_rights_is_refused() {
    let Some(site) = Site::create(Engine::Postgres, "roles") else {
        return;
    };
    // A first start would make the role the owner of the tables.
    let (is_success, output) = site.run("ordinavo_owner", &["serve"]);
    assert!(!is_success && output.contains("database_allow_owner"), "{output}");
    assert!(!site.run("ordinavo_app", &["serve"]).0, "there are no tables");
    site.expect_success("ordinavo_owner", &["migrate", "--create"]);
    for role in ["postgres", "ordinavo_owner", "ordinavo_backup"] {
        for command in ["serve", "worker"] {
            let (is_success, output) = site.run(role, &[command]);
            assert!(
                !is_success && output.contains("database_allow_owner"),
                "{role} {command}: {output}"
            );
        }
    }
    let app = site
        .installation
        .another_server()
        .with_database(&with_role(&site.superuser, "ordinavo_app"));
    let client = crate::support::client();
    drop(app.start(&client).await);
    site.expect_success("ordinavo_app", &["admin", "create-tenant", "nordwind", "Nordwind"]);
    site.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn move_from_sqlite_to_postgres_copies_every_row() {
    let Some(target) = Site::create(Engine::Postgres, "move-target") else {
        return;
    };
    let source = Site::create(Engine::Sqlite, "move-source").unwrap();
    source.expect_success("", &["demo", "--small"]);
    let owner = with_role(&target.superuser, "ordinavo_owner");
    let (is_success, output) = source.run("", &["move", "--json", "--to", &owner]);
    assert!(is_success, "{output}");
    let moved: serde_json::Value = serde_json::from_str(&output).unwrap();
    let (before, after) = (source.rows().await, target.rows().await);
    // The target builds its own search index.
    let is_copied = |table: &str| !table.starts_with("_sqlx") && !table.starts_with("search_");
    for (table, rows) in before.iter().filter(|(table, _)| is_copied(table)) {
        assert_eq!(after[table].len(), rows.len(), "{table}");
        assert_eq!(moved["tables"][table], rows.len(), "{table}");
    }
    assert!(!source.run("", &["move", "--to", &owner]).0, "the target is in use");

    // The same files and key serve the other database; keys, sealed values and the audit log are those of the source.
    let moved = source
        .installation
        .another_server()
        .with_database(&with_role(&target.superuser, "ordinavo_app"));
    for command in [&["doctor"] as &[&str], &["audit", "verify"]] {
        let (status, output) = moved.run(command);
        assert!(status.success(), "{command:?}: {output}");
    }
    drop(moved.start(&crate::support::client()).await);
    source.remove();
    target.remove();
}

#[tokio::test(flavor = "multi_thread")]
async fn password_of_database_is_in_no_argument() {
    use std::os::unix::fs::PermissionsExt as _;

    let Some(installation) = Installation::on_postgres("backup-password") else {
        return;
    };
    installation.demo();
    let programs = installation.folder.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    let path = std::env::var("PATH").unwrap();
    let seen = installation.folder.join("seen");
    // Stands in front of each tool, notes what everybody on the machine can see, and runs it.
    for tool in ["pg_dump", "pg_restore", "psql"] {
        let script = format!(
            "#!/bin/sh\nprintf '%s\\n' \"$0 $*\" >>{0}\n[ -z \"$PGPASSFILE\" ] || cat \"$PGPASSFILE\" >>{0}.secrets\n\
             PATH='{path}' exec {tool} \"$@\"\n",
            seen.display()
        );
        let file = programs.join(tool);
        std::fs::write(&file, script).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let server = std::env::var("ORDINAVO_TEST_POSTGRES").unwrap();
    let (user, place) = installation.database().split_once('@').unwrap();
    let with_password = installation
        .another_server()
        .with_database(&format!("{user}:S3cret%3Aword@{place}"))
        .with(&[("PATH", &format!("{}:{path}", programs.display()))]);
    assert!(server.starts_with(user));
    let (status, output) = with_password.run(&["backup", "copy"]);
    // The role of the test server does not read the rows of all tenants.
    let is_refused = output.contains("row-level security");
    assert!(status.success() || is_refused, "{output}");
    if is_refused {
        let superuser = with_password
            .another_server()
            .with_database(&format!("postgres://postgres:S3cret%3Aword@{place}"));
        let (status, output) = superuser.run(&["backup", "copy"]);
        assert!(status.success(), "{output}");
    }
    let (status, output) = with_password.run(&["restore", "copy", "--replace"]);
    assert!(status.success(), "{output}");
    let arguments = std::fs::read_to_string(&seen).unwrap();
    for tool in ["pg_dump", "pg_restore", "psql"] {
        assert!(arguments.contains(tool), "{arguments}");
    }
    assert!(!arguments.contains("S3cret"), "{arguments}");
    let secrets = std::fs::read_to_string(seen.with_extension("secrets")).unwrap();
    assert!(secrets.contains("S3cret\\:word"), "{secrets}");
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
