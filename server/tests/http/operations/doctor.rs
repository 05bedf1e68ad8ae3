//! `ordinavo doctor` names each problem with what to do.

use ordinavo_core::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::support::installation::Installation;
use crate::support::raw::Raw;

/// Returns the subjects of the problems.
fn problems(installation: &Installation) -> Vec<String> {
    let (status, output) = installation.run(&["doctor", "--json"]);
    // The number of problems follows on standard error.
    let mut values = serde_json::Deserializer::from_str(&output).into_iter::<Vec<Value>>();
    let checks = values.next().unwrap().unwrap();
    let problems: Vec<String> = checks
        .iter()
        .filter(|check| check["ok"] == false)
        .map(|check| {
            assert!(
                check["advice"].as_str().is_some_and(|advice| !advice.is_empty()),
                "{check}"
            );
            check["subject"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(status.success(), problems.is_empty(), "{output}");
    problems
}

async fn sql(installation: &Installation, statement: &str) {
    let raw = Raw::open(installation.database()).await;
    raw.run(statement).await;
    raw.close().await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn doctor_each_problem_is_named(#[case] engine: Engine) {
    let installation = match engine {
        Engine::Sqlite => Installation::on_sqlite("doctor"),
        Engine::Postgres => match Installation::on_postgres("doctor-postgres") {
            Some(installation) => installation,
            None => return,
        },
    };
    installation.demo();
    assert_eq!(problems(&installation), [""; 0]);

    let key = installation.folder.join("secret.key");
    let mode = |mode| std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(problems(&installation), ["key"]);
    mode(0o600);
    let original = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    assert_eq!(problems(&installation), ["key"]);
    std::fs::write(&key, format!("1:{}=", "A".repeat(43))).unwrap();
    mode(0o600);
    assert_eq!(problems(&installation), ["key"]);
    std::fs::write(&key, original).unwrap();

    let with = |name: &str, value: &str| installation.another_server().with(&[(name, value)]);
    assert_eq!(problems(&with("ORDINAVO_TRUSTED_PROXIES", "0.0.0.0/0")), ["proxy"]);
    let too_little = problems(&with("ORDINAVO_FILES_MIN_FREE", "1000000GiB"));
    assert!(
        !too_little.is_empty() && too_little.iter().all(|subject| subject == "disk"),
        "{too_little:?}"
    );
    let with_mail = with("ORDINAVO_SMTP_URL", "smtp://127.0.0.1:9");
    sql(
        &installation,
        "UPDATE mail SET status = 'cancelled' WHERE status = 'waiting'",
    )
    .await;
    assert_eq!(problems(&with_mail), ["mail"]);
    assert_eq!(problems(&with("ORDINAVO_SMTP_URL", "")), [""; 0]);
    let is_a_file = installation.folder.join("secret.key/uploads");
    for (name, value, subject) in [
        ("ORDINAVO_SPOOL_FOLDER", is_a_file.to_str().unwrap(), "uploads"),
        ("ORDINAVO_CLAMD", "127.0.0.1:9", "malware check"),
        ("ORDINAVO_ROADS", "osrm+http://127.0.0.1:9", "routing"),
    ] {
        assert_eq!(problems(&with(name, value)), [subject], "{name}");
    }
    if engine == Engine::Postgres {
        assert_eq!(problems(&with("ORDINAVO_DATABASE_ALLOW_OWNER", "false")), ["role"]);
    }

    sql(
        &installation,
        "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
         SELECT 9999, 'later', installed_on, success, checksum, 1 FROM _sqlx_migrations WHERE version = 1",
    )
    .await;
    assert_eq!(problems(&installation), ["database"]);
    sql(&installation, "DELETE FROM _sqlx_migrations WHERE version = 9999").await;

    // An entry from a machine whose clock was ahead; its hash is wrong, too.
    sql(
        &installation,
        "INSERT INTO audit_entry (tenant_id, sequence, at, actor, action, subject, details, previous_hash, hash) \
         SELECT tenant_id, sequence + 1, '2999-01-01T00:00:00.000000Z', actor, action, subject, details, \
         previous_hash, hash FROM audit_entry AS latest WHERE latest.sequence = (SELECT max(other.sequence) FROM audit_entry \
         AS other WHERE other.tenant_id = latest.tenant_id); UPDATE counter SET value = value + 1 WHERE name = 'audit'",
    )
    .await;
    let found = problems(&installation);
    assert!(found.contains(&"clock".to_owned()), "{found:?}");
    sql(
        &installation,
        match engine {
            Engine::Sqlite => "DROP TRIGGER audit_entry_no_delete",
            Engine::Postgres => "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_append_only",
        },
    )
    .await;
    sql(
        &installation,
        "DELETE FROM audit_entry WHERE sequence = (SELECT max(last.sequence) FROM audit_entry AS last WHERE last.tenant_id = audit_entry.tenant_id)",
    )
    .await;
    let found = problems(&installation);
    assert!(
        !found.is_empty() && found.iter().all(|subject| subject == "audit log"),
        "{found:?}"
    );
    std::fs::remove_dir_all(&installation.folder).unwrap();
}
