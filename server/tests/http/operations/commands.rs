//! What an operator does from the command line, on a real installation in a folder of its own.

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

    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, &[]);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn refuse(&self, arguments: &[&str], variables: &[(&str, &str)]) -> String {
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
fn tenants_and_accounts_are_made_and_mistakes_are_named() {
    let folder = Folder::new("accounts");
    assert!(folder.refuse(&["doctor"], &[]).contains("ordinavo migrate"));
    folder.succeed(&["admin", "create-tenant", "nordwind", "Nordwind Service"]);
    assert!(
        folder
            .refuse(&["admin", "create-tenant", "nordwind", "Again"], &[])
            .contains("slug")
    );
    assert!(
        folder
            .refuse(&["admin", "create-tenant", "Not a slug", "X"], &[])
            .contains("slug")
    );
    assert!(
        folder
            .succeed(&["admin", "create-user", "nordwind", "you@example.org", "You", "admin"])
            .contains("signs in with")
    );
    assert!(
        folder
            .refuse(&["admin", "create-user", "nordwind", "you", "You", "admin"], &[])
            .contains("email")
    );
    assert!(
        folder
            .refuse(&["admin", "create-user", "nordwind", "a@example.org", "A", "king"], &[])
            .contains("role")
    );
    assert!(
        folder
            .refuse(&["admin", "create-user", "nowhere", "a@example.org", "A", "admin"], &[])
            .contains("nothing here")
    );
    let weak = folder.refuse(
        &["admin", "reset-password", "nordwind", "you@example.org"],
        &[("ADMIN_PASSWORD", "password1234")],
    );
    assert!(weak.contains("password"));
    folder.succeed(&["admin", "lock-user", "nordwind", "you@example.org"]);
    folder.succeed(&["admin", "unlock-user", "nordwind", "you@example.org"]);
    assert!(
        folder
            .refuse(&["admin", "lock-user", "nordwind", "nobody@example.org"], &[])
            .contains("nothing here")
    );
    assert!(
        folder.refuse(&["demo"], &[]).contains("left alone"),
        "demo data never mixes with a real tenant"
    );
    folder.succeed(&["doctor"]);
}

#[test]
fn a_backup_comes_back_whole_and_only_into_an_empty_place() {
    let folder = Folder::new("backup");
    folder.succeed(&["demo", "--small", "--json"]);
    folder.succeed(&["backup", "copy"]);
    assert!(folder.refuse(&["backup", "copy"], &[]).contains("already"));
    assert!(folder.refuse(&["restore", "copy"], &[]).contains("already"));
    let count = || walk(&folder.0.join("data/files"));
    let files = count();
    assert!(files > 0);
    std::fs::remove_dir_all(folder.0.join("data")).unwrap();
    assert!(folder.succeed(&["restore", "copy"]).contains("sound"));
    assert_eq!(count(), files);
    folder.succeed(&["doctor"]);
    let before = std::fs::read(folder.0.join("data/secret.key")).unwrap();
    folder.succeed(&["admin", "rotate-master-key"]);
    assert_ne!(std::fs::read(folder.0.join("data/secret.key")).unwrap(), before);
    assert!(
        folder
            .succeed(&["demo", "--small", "--reset"])
            .contains("anna.weber@rhein-ruhr-medical.example")
    );
}

fn walk(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { walk(&path) } else { 1 })
        .sum()
}

#[test]
fn wrong_settings_stop_the_start_by_name() {
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
            folder.refuse(&["migrate"], &[(variable, value)]).contains(expected),
            "{variable}"
        );
    }
}

/// The body of a plain request to a server on loopback, with its status line.
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
fn figures_are_told_on_the_operations_listener_only() {
    let folder = Folder::new("metrics");
    let free = || {
        std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let (port, ops) = (free(), free());
    let mut server = Command::new(env!("CARGO_BIN_EXE_ordinavo"))
        .arg("serve")
        .current_dir(&folder.0)
        .env("ORDINAVO_LOG", "error")
        .env("ORDINAVO_LISTEN", format!("127.0.0.1:{port}"))
        .env("ORDINAVO_OPS_LISTEN", format!("127.0.0.1:{ops}"))
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !get(port, "/readyz").is_some_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(get(port, "/api/v1/targets").unwrap().starts_with("HTTP/1.1 401"));
    let told = get(ops, "/metrics").unwrap();
    assert!(get(port, "/metrics").unwrap().starts_with("HTTP/1.1 404"));
    server.kill().unwrap();
    server.wait().unwrap();
    let line = "ordinavo_http_requests_total{surface=\"api\",method=\"GET\",status=\"401\"} 1";
    assert!(told.contains(line), "{told}");
    assert!(told.contains("ordinavo_sql_statements_total") && told.contains("ordinavo_http_request_seconds"));
}
