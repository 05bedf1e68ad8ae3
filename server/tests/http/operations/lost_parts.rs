//! Commands say what is missing instead of creating a new database or key next to the lost one.

use std::path::Path;

use ordinavo_core::Engine;
use rstest::rstest;

use crate::support::installation::Installation;
use ordinavo_core::secrets::{hex, sha256};

/// Commands that need an installation.
const COMMANDS: [&[&str]; 6] = [
    &["backup", "copy"],
    &["doctor"],
    &["worker"],
    &["migrate"],
    &["admin", "create-tenant", "nordwind", "Nordwind"],
    &["admin", "rotate-master-key"],
];

fn installation(engine: Engine, name: &str) -> Option<Installation> {
    match engine {
        Engine::Sqlite => Some(Installation::on_sqlite(name)),
        Engine::Postgres => Installation::on_postgres(&format!("{name}-postgres")),
    }
}

/// Runs a command that must fail by itself and returns what it printed.
fn expect_failure(installation: &Installation, arguments: &[&str]) -> String {
    let (status, output) = installation.run(arguments);
    assert!(!status.success(), "{arguments:?}: {output}");
    output
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn command_without_installation_creates_nothing(#[case] engine: Engine) {
    let Some(installation) = installation(engine, "lost-all") else {
        return;
    };
    for command in COMMANDS {
        let output = expect_failure(&installation, command);
        assert!(output.contains("database_url"), "{command:?}: {output}");
        assert_eq!(names(&installation.folder), [""; 0], "{command:?}");
    }
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn command_with_lost_or_foreign_key_says_so(#[case] engine: Engine) {
    let Some(installation) = installation(engine, "lost-key") else {
        return;
    };
    installation.demo();
    let key = installation.folder.join("secret.key");
    let original = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let needs_key = || {
        COMMANDS
            .into_iter()
            .chain([&["serve"] as &[&str]])
            .filter(|command| *command != ["migrate"])
    };
    for command in needs_key() {
        let output = expect_failure(&installation, command);
        assert!(output.contains("secret_key_file"), "{command:?}: {output}");
        assert!(!key.exists(), "{command:?}");
    }
    // The owner of the tables migrates without the key.
    assert!(installation.run(&["migrate"]).0.success());

    let other = Installation::on_sqlite(if engine == Engine::Sqlite {
        "other-key"
    } else {
        "other-key-postgres"
    });
    assert!(other.run(&["migrate", "--create"]).0.success());
    std::fs::copy(other.folder.join("secret.key"), &key).unwrap();
    for command in needs_key().chain([&["migrate", "--create"] as &[&str]]) {
        let output = expect_failure(&installation, command);
        assert!(output.contains("secret_key_file"), "{command:?}: {output}");
    }
    std::fs::write(&key, original).unwrap();
    assert!(installation.run(&["doctor"]).0.success());
    assert!(!installation.folder.join("copy").exists());
    std::fs::remove_dir_all(&installation.folder).unwrap();
    std::fs::remove_dir_all(&other.folder).unwrap();
}

#[test]
fn serve_with_lost_database_does_not_create_another() {
    let installation = Installation::on_sqlite("lost-database");
    assert!(installation.run(&["migrate", "--create"]).0.success());
    for file in ["ordinavo.db", "ordinavo.db-wal", "ordinavo.db-shm"] {
        let _ = std::fs::remove_file(installation.folder.join(file));
    }
    let output = expect_failure(&installation, &["serve"]);
    assert!(output.contains("database_url"), "{output}");
    assert!(!installation.folder.join("ordinavo.db").exists());
    // The explicit command does, with the existing key.
    let key = std::fs::read(installation.folder.join("secret.key")).unwrap();
    assert!(installation.run(&["migrate", "--create"]).0.success());
    assert_eq!(std::fs::read(installation.folder.join("secret.key")).unwrap(), key);
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

/// Returns what below a folder other users of the machine can read, in whatever mode the folder itself is. The folder of the
/// data is made with mode 0700; key and addresses for one use are closed by themselves.
fn open_to_others(folder: &Path) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt as _;

    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_secret =
            entry.path().is_dir() || name.ends_with(".key") || name.contains("address") || name.contains(".db");
        if is_secret && mode & 0o077 != 0 {
            open.push(format!("{name} {mode:o}"));
        }
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_first_start_creates_database_and_key() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(installation) = installation(engine, "first-start") else {
            continue;
        };
        let client = crate::support::client();
        drop(installation.start(&client).await);
        assert!(installation.folder.join("secret.key").exists());
        assert_eq!(open_to_others(&installation.folder), [""; 0]);
        let (status, output) = installation.run(&["doctor"]);
        assert!(status.success(), "{output}");
        // The second start uses both.
        drop(installation.start(&client).await);
        std::fs::remove_dir_all(&installation.folder).unwrap();
    }
}

#[test]
fn configuration_file_missing_is_an_error() {
    let installation = Installation::on_sqlite("lost-config").with(&[("ORDINAVO_CONFIG", "no-such-file.toml")]);
    let output = expect_failure(&installation, &["migrate", "--create"]);
    assert!(
        output.contains("ORDINAVO_CONFIG") && output.contains("no-such-file.toml"),
        "{output}"
    );
    assert_eq!(names(&installation.folder), [""; 0]);
    std::fs::remove_dir_all(&installation.folder).unwrap();
}

#[rstest]
#[case::found_by_checksum(false)]
#[case::with_its_checksum(true)]
fn restore_with_foreign_key_is_refused(#[case] has_checksum: bool) {
    let name = if has_checksum { "foreign-sum" } else { "foreign" };
    let [source, other, target] =
        ["source", "other", "target"].map(|part| Installation::on_sqlite(&format!("{name}-{part}")));
    source.demo();
    other.demo();
    let backup = source.folder.join("backup");
    let backup_path = backup.to_str().unwrap();
    assert!(source.run(&["backup", backup_path]).0.success());
    // A key that already exists must be the one of the backup.
    std::fs::copy(other.folder.join("secret.key"), target.folder.join("secret.key")).unwrap();
    expect_failure(&target, &["restore", backup_path]);
    std::fs::remove_file(target.folder.join("secret.key")).unwrap();

    let own_key = std::fs::read(backup.join("secret.key")).unwrap();
    std::fs::copy(other.folder.join("secret.key"), backup.join("secret.key")).unwrap();
    let sums = std::fs::read_to_string(backup.join("SHA256SUMS")).unwrap();
    if has_checksum {
        let sum = |key: &[u8]| hex(&sha256(key));
        let foreign = std::fs::read(backup.join("secret.key")).unwrap();
        let changed = sums.replace(&sum(&own_key), &sum(&foreign));
        assert_ne!(changed, sums);
        std::fs::write(backup.join("SHA256SUMS"), changed).unwrap();
    }
    let output = expect_failure(&target, &["restore", backup_path]);
    assert!(output.contains("secret.key"), "{output}");
    assert_eq!(names(&target.folder), [""; 0]);

    std::fs::write(backup.join("secret.key"), own_key).unwrap();
    std::fs::write(backup.join("SHA256SUMS"), sums).unwrap();
    let (status, output) = target.run(&["restore", backup_path]);
    assert!(status.success(), "{output}");
    assert!(target.run(&["doctor"]).0.success());
    for installation in [source, other, target] {
        std::fs::remove_dir_all(&installation.folder).unwrap();
    }
}

#[test]
fn restore_of_changed_or_incomplete_backup_is_refused() {
    let [source, target] = ["source", "target"].map(|part| Installation::on_sqlite(&format!("changed-{part}")));
    source.demo();
    let backup = source.folder.join("backup");
    assert!(source.run(&["backup", backup.to_str().unwrap()]).0.success());
    let mut photos = vec![backup.join("files")];
    while photos.last().unwrap().is_dir() {
        let folder = photos.pop().unwrap();
        photos.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    let photo = photos.pop().unwrap();
    for part in [
        &backup.join("ordinavo.db"),
        &backup.join("backup.json"),
        &backup.join("SHA256SUMS"),
        &photo,
    ] {
        let original = std::fs::read(part).unwrap();
        let mut changed = original.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        for content in [Some(changed), Some(Vec::new()), None] {
            match content {
                Some(content) => std::fs::write(part, content).unwrap(),
                None => std::fs::remove_file(part).unwrap(),
            }
            let output = expect_failure(&target, &["restore", backup.to_str().unwrap()]);
            let is_named = output.contains(&part.display().to_string()) || part.ends_with("SHA256SUMS");
            assert!(is_named, "{}: {output}", part.display());
            assert_eq!(names(&target.folder), [""; 0]);
        }
        std::fs::write(part, original).unwrap();
    }
    std::fs::write(backup.join("files/more"), "x").unwrap();
    expect_failure(&target, &["restore", backup.to_str().unwrap()]);
    std::fs::remove_file(backup.join("files/more")).unwrap();
    assert!(target.run(&["restore", backup.to_str().unwrap()]).0.success());
    for installation in [source, target] {
        std::fs::remove_dir_all(&installation.folder).unwrap();
    }
}
