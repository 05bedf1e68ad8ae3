//! Operator commands on a real installation in its own folder.

use std::path::PathBuf;
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ordinavo-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ordinavo"))
            .args(arguments)
            .current_dir(&self.0)
            .env("ORDINAVO_LOG", "error")
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }

    fn expect_success(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn expect_failure(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
        let output = self.run(arguments, variables);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn errors_name_value_and_example_and_are_json_when_asked_for() {
    let folder = Folder::new("errors");
    let listen = folder.expect_failure(&["doctor"], &[("ORDINAVO_LISTEN", "localhost:3000")]);
    assert!(
        listen.contains("setting listen") && listen.contains("127.0.0.1:3000"),
        "{listen}"
    );
    let away = [("ORDINAVO_DATABASE_URL", "postgres://user@127.0.0.1:1/none")];
    let json = folder.expect_failure(&["admin", "list-tenants", "--json"], &away);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let error = json["error"].as_str().unwrap();
    assert!(
        error.contains("database_url") && error.contains("127.0.0.1:1"),
        "{error}"
    );
    let usage = folder.expect_failure(&["admin", "delete-tenant", "none", "--json"], &[]);
    let usage: serde_json::Value = serde_json::from_str(&usage).unwrap();
    assert!(usage["error"].as_str().unwrap().contains("--confirm"), "{usage}");
    folder.expect_success(&["migrate", "--create"]);
    let checkpoint: serde_json::Value =
        serde_json::from_str(&folder.expect_success(&["audit", "checkpoint", "state.json", "--json"])).unwrap();
    assert_eq!(checkpoint["file"], "state.json");
    let unknown = folder.expect_failure(&["audit", "verify", "--tenant", "none"], &[]);
    assert!(unknown.contains("--tenant"), "{unknown}");
    let pages = folder.expect_success(&["docs"]);
    for page in pages.lines() {
        assert!(folder.expect_success(&["docs", page]).starts_with("# "), "{page}");
    }
    assert!(pages.contains("postgresql-roles"));
    assert!(
        folder
            .expect_failure(&["docs", "none"], &[])
            .contains("postgresql-roles")
    );
}

/// Every page that a message names exists in the program, and every page for operators is in it.
#[test]
fn docs_has_every_page_that_messages_name() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ordinavo"))
        .arg("docs")
        .output()
        .unwrap();
    let pages = String::from_utf8(output.stdout).unwrap();
    let pages: Vec<&str> = pages.lines().collect();
    for entry in std::fs::read_dir(root.join("docs/operations")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".md") {
            assert!(pages.contains(&name), "{name}");
        }
    }
    for file in ["cli/startup.rs", "cli/doctor.rs", "cli/backup/postgres.rs"] {
        let text = std::fs::read_to_string(root.join("server/src").join(file)).unwrap();
        let named: Vec<&str> = text
            .split("ordinavo docs ")
            .skip(1)
            .map(|rest| {
                rest.split(|letter: char| !letter.is_alphabetic() && letter != '-')
                    .next()
                    .unwrap()
            })
            .collect();
        assert!(!named.is_empty(), "{file}");
        for name in named {
            assert!(pages.contains(&name), "{file}: {name}");
        }
    }
}

#[test]
fn admin_commands_create_accounts_and_name_invalid_fields() {
    let folder = Folder::new("accounts");
    assert!(
        folder
            .expect_failure(&["doctor"], &[])
            .contains("ordinavo migrate --create")
    );
    let migrated: serde_json::Value =
        serde_json::from_str(&folder.expect_success(&["migrate", "--create", "--json"])).unwrap();
    assert_eq!(migrated["isCurrent"], true);
    folder.expect_success(&["admin", "create-tenant", "nordwind", "Nordwind Service"]);
    assert!(
        folder
            .expect_failure(&["admin", "create-tenant", "nordwind", "Again"], &[])
            .contains("slug")
    );
    assert!(
        folder
            .expect_failure(&["admin", "create-tenant", "Not a slug", "X"], &[])
            .contains("slug")
    );
    assert!(
        folder
            .expect_success(&["admin", "create-user", "nordwind", "you@example.org", "You", "admin"])
            .contains("Password for you@example.org: ")
    );
    assert!(
        folder
            .expect_failure(&["admin", "create-user", "nordwind", "you", "You", "admin"], &[])
            .contains("email")
    );
    assert!(
        folder
            .expect_failure(&["admin", "create-user", "nordwind", "a@example.org", "A", "king"], &[])
            .contains("role")
    );
    assert!(
        folder
            .expect_failure(&["admin", "create-user", "nowhere", "a@example.org", "A", "admin"], &[])
            .contains("not found")
    );
    let weak = folder.expect_failure(
        &["admin", "reset-password", "nordwind", "you@example.org"],
        &[("ADMIN_PASSWORD", "password1234")],
    );
    assert!(weak.contains("password"));
    folder.expect_success(&["admin", "lock-user", "nordwind", "you@example.org"]);
    folder.expect_success(&["admin", "unlock-user", "nordwind", "you@example.org"]);
    assert!(
        folder
            .expect_failure(&["admin", "lock-user", "nordwind", "nobody@example.org"], &[])
            .contains("not found")
    );
    let list =
        |arguments: &[&str]| -> serde_json::Value { serde_json::from_str(&folder.expect_success(arguments)).unwrap() };
    assert_eq!(list(&["admin", "list-tenants", "--json"])[0]["slug"], "nordwind");
    let demoted: serde_json::Value = serde_json::from_str(&folder.expect_success(&[
        "admin",
        "set-role",
        "nordwind",
        "you@example.org",
        "auditor",
        "--json",
    ]))
    .unwrap();
    assert!(
        demoted["warning"].as_str().unwrap().contains("create-user"),
        "{demoted}"
    );
    folder.expect_failure(&["admin", "set-role", "nordwind", "you@example.org", "king"], &[]);
    folder.expect_success(&["admin", "end-sessions", "nordwind", "you@example.org"]);
    folder.expect_failure(&["admin", "end-sessions", "nordwind", "nobody@example.org"], &[]);
    let users = list(&["admin", "list-users", "nordwind", "--json"]);
    assert_eq!(users[0]["role"], "auditor", "{users}");
    assert_eq!(users[0]["sessions"], 0);
    assert_eq!(
        list(&["admin", "list-sessions", "nordwind", "you@example.org", "--json"]),
        serde_json::json!([])
    );
    folder.expect_failure(
        &["admin", "end-session", "nordwind", "you@example.org", "not-a-session"],
        &[],
    );
    let delete = [
        "admin",
        "delete-user",
        "nordwind",
        "you@example.org",
        "--json",
        "--confirm",
    ];
    let confirmed = |address| [&delete[..], &[address]].concat();
    folder.expect_failure(&confirmed("another@example.org"), &[]);
    assert_eq!(list(&confirmed("you@example.org"))["deleted"], 1);
    folder.expect_failure(&confirmed("you@example.org"), &[]);
    let users = list(&["admin", "list-users", "nordwind", "--json"]);
    assert_eq!(users, serde_json::json!([]), "a deleted account cannot be brought back");
    // The address is free again.
    folder.expect_success(&["admin", "create-user", "nordwind", "you@example.org", "You", "admin"]);
    assert_eq!(list(&["admin", "--json", "retry-deliveries", "nordwind"])["queued"], 0);
    folder.expect_failure(&["admin", "purge-deliveries", "nordwind", "not-an-endpoint"], &[]);
    // Demo data is never mixed with a real tenant, and the tenant still exists.
    folder.expect_failure(&["demo"], &[]);
    assert!(
        folder
            .expect_failure(&["admin", "create-tenant", "nordwind", "Again"], &[])
            .contains("slug")
    );
    folder.expect_success(&["doctor"]);
}

#[test]
fn export_has_rows_and_files_without_secrets() {
    let folder = Folder::new("export");
    folder.expect_success(&["demo", "--small", "--json"]);
    let answer = folder.expect_success(&["admin", "export-tenant", "nordlicht", "copy", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert!(
        folder
            .expect_failure(&["admin", "export-tenant", "nordlicht", "copy"], &[])
            .contains("already")
    );
    folder.expect_failure(&["admin", "export-tenant", "unknown", "other"], &[]);
    assert!(!folder.0.join("other").exists() && !folder.0.join("other.partial").exists());
    let copy = folder.0.join("copy");
    for (table, rows) in answer["tables"].as_object().unwrap() {
        let text = std::fs::read_to_string(copy.join(format!("{table}.ndjson"))).unwrap();
        assert_eq!(text.lines().count() as u64, rows.as_u64().unwrap(), "{table}");
        for line in text.lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            if table == "target" {
                assert!(
                    row["attributes"].is_object() && row["needs_mapping"].is_boolean(),
                    "{row}"
                );
            }
            let has_secret = |name: &&String| name.contains("password") || name.contains("token");
            assert_eq!(row.as_object().unwrap().keys().find(has_secret), None, "{table}");
        }
    }
    for table in [
        "customer",
        "location",
        "request",
        "target",
        "visit_report",
        "audit_entry",
    ] {
        assert!(answer["tables"][table].as_u64() > Some(0), "{table}");
    }
    assert_eq!(
        count_files(&copy.join("files")) as u64,
        answer["files"].as_u64().unwrap()
    );
    assert!(answer["files"].as_u64() > Some(0));
}

#[test]
fn backup_restored_into_empty_folder_is_complete() {
    let folder = Folder::new("backup");
    folder.expect_success(&["demo", "--small", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&folder.expect_success(&["backup", "copy", "--json"])).unwrap();
    assert_eq!(made, serde_json::json!({ "folder": "copy", "includesFiles": true }));
    assert!(folder.expect_failure(&["backup", "copy"], &[]).contains("already"));
    assert!(folder.expect_failure(&["restore", "copy"], &[]).contains("already"));
    let count = || count_files(&folder.0.join("data/files"));
    let files = count();
    assert!(files > 0);
    std::fs::remove_dir_all(folder.0.join("data")).unwrap();
    assert!(
        folder
            .expect_success(&["restore", "copy"])
            .contains("Integrity check passed")
    );
    assert_eq!(count(), files);
    folder.expect_success(&["doctor"]);
    let before = std::fs::read(folder.0.join("data/secret.key")).unwrap();
    folder.expect_success(&["admin", "rotate-master-key"]);
    assert_ne!(std::fs::read(folder.0.join("data/secret.key")).unwrap(), before);
    assert!(
        folder
            .expect_success(&["demo", "--small", "--reset"])
            .contains("anna.weber@rhein-ruhr-medical.example")
    );
}

fn count_files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { count_files(&path) } else { 1 })
        .sum()
}

#[test]
fn invalid_settings_are_named_at_start() {
    let folder = Folder::new("settings");
    for (variable, value, expected) in [
        ("ORDINAVO_LISTEN", "nope", "listen"),
        ("ORDINAVO_TYPO", "1", "typo"),
        ("ORDINAVO_DATABASE_URL", "mysql://x", "database_url"),
        ("ORDINAVO_FILES", "ftp://x", "files"),
        ("ORDINAVO_PUBLIC_URL", "example.org", "public_url"),
        ("ORDINAVO_WEBHOOK_RETRY", "soon", "webhook_retry"),
        ("ORDINAVO_WEBHOOK_ALLOW_NETS", "home", "webhook_allow_nets"),
        ("ORDINAVO_TRUSTED_PROXIES", "home", "trusted_proxies"),
    ] {
        assert!(
            folder
                .expect_failure(&["migrate", "--create"], &[(variable, value)])
                .contains(expected),
            "{variable}"
        );
    }
}

/// Returns the response to a plain GET request, with its status line.
fn get(port: u16, path: &str) -> Option<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn metrics_are_served_on_operations_listener_only() {
    let folder = Folder::new("metrics");
    let free = || {
        std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let (port, ops) = (free(), free());
    let child = Command::new(env!("CARGO_BIN_EXE_ordinavo"))
        .arg("serve")
        .current_dir(&folder.0)
        .env("ORDINAVO_LOG", "error")
        .env("ORDINAVO_LISTEN", format!("127.0.0.1:{port}"))
        .env("ORDINAVO_OPS_LISTEN", format!("127.0.0.1:{ops}"))
        .spawn()
        .unwrap();
    let mut server = crate::support::installation::Process(child);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !get(port, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(get(port, "/api/v1/targets").unwrap().starts_with("HTTP/1.1 401"));
    let metrics = get(ops, "/metrics").unwrap();
    assert!(get(port, "/metrics").unwrap().starts_with("HTTP/1.1 404"));
    server.kill().unwrap();
    server.wait().unwrap();
    let line = "ordinavo_http_requests_total{surface=\"api\",method=\"GET\",status=\"401\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    assert!(metrics.contains("ordinavo_sql_statements_total") && metrics.contains("ordinavo_http_request_seconds"));
}

/// Checks from outside rely on this shape.
#[test]
fn demo_prints_the_documented_logins() {
    let folder = Folder::new("demo-shape");
    let logins: serde_json::Value =
        serde_json::from_str(&folder.expect_success(&["demo", "--small", "--json"])).unwrap();
    assert!(logins["baseUrl"].is_string());
    let slugs: Vec<_> = logins["tenants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tenant| &tenant["slug"])
        .collect();
    assert_eq!(slugs, ["nordlicht", "suedwind"]);
    for tenant in logins["tenants"].as_array().unwrap() {
        for (list, fields) in [
            ("staff", &["role", "email", "password"][..]),
            ("portal", &["email", "password", "customerNumber", "grants"]),
            (
                "clients",
                &["name", "sourceSystem", "apiKey", "clientId", "clientSecret", "scopes"],
            ),
            ("terminals", &["name", "location", "pairingCode"]),
            ("forms", &["slug", "url"]),
        ] {
            let entries = tenant[list].as_array().unwrap();
            let may_be_empty = list == "terminals" && tenant["slug"] == "suedwind";
            assert!(may_be_empty || !entries.is_empty(), "{list} of {}", tenant["slug"]);
            for entry in entries {
                let has_all = fields.iter().all(|field| !entry[field].is_null());
                assert!(has_all, "{list}: {entry}");
            }
        }
    }
    let clients = logins["tenants"][0]["clients"].as_array().unwrap();
    let names: Vec<_> = clients.iter().map(|client| client["name"].as_str().unwrap()).collect();
    for name in ["erp", "erp-strict", "import-only", "partner"] {
        assert!(names.contains(&name), "{names:?}");
    }
}
