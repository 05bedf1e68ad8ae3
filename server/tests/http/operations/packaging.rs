//! The settings that packaging and documentation name exist, and the documentation describes each one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ordinavo::config::Config;

/// Variables of the proxy and of Compose itself, and the one that names the file of the settings.
const OTHER_VARIABLES: [&str; 9] = [
    "ORDINAVO_BACKUP_PASSWORD",
    "ORDINAVO_CONFIG",
    "ORDINAVO_DATABASE_PASSWORD",
    "ORDINAVO_FILES_SECRET",
    "ORDINAVO_HOST",
    "ORDINAVO_IMAGE",
    "ORDINAVO_OPERATOR_IMAGE",
    "ORDINAVO_OWNER_PASSWORD",
    "ORDINAVO_UPSTREAM",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

fn variables(text: &str) -> BTreeSet<&str> {
    text.split(|character: char| !(character.is_ascii_uppercase() || character == '_'))
        .filter(|word| word.len() > "ORDINAVO_".len() && word.starts_with("ORDINAVO_"))
        .collect()
}

fn settings() -> BTreeSet<String> {
    let settings = serde_json::to_value(Config::default()).unwrap();
    let names = settings.as_object().unwrap().keys();
    names.map(|name| format!("ORDINAVO_{}", name.to_uppercase())).collect()
}

#[test]
fn variable_in_packaging_and_documentation_is_a_setting() {
    let settings = settings();
    let mut paths = vec![root().join("README.md"), root().join("docs/configuration.md")];
    files(&root().join("packaging"), &mut paths);
    files(&root().join("docs/operations"), &mut paths);
    assert!(paths.len() > 15);
    for path in paths {
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        for name in variables(&text) {
            let is_known = settings.contains(name) || OTHER_VARIABLES.contains(&name);
            assert!(is_known, "{} names {name}", path.display());
        }
    }
}

#[test]
fn setting_every_one_is_documented() {
    let text = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    for name in settings() {
        assert!(
            text.contains(&format!("`{name}`")),
            "docs/configuration.md does not describe {name}"
        );
    }
}

#[test]
fn ordinavoctl_passes_settings_of_the_service_and_every_argument() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = std::env::temp_dir().join(format!("ordinavo-ctl-{}", std::process::id()));
    let script = std::fs::read_to_string(root().join("packaging/systemd/ordinavoctl")).unwrap();
    let script = script
        .replace("/etc/ordinavo", &folder.display().to_string())
        .replace("/var/lib/ordinavo", &folder.display().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    let settings = "# a comment\n\n;another\n  \nno assignment\n=x\nA-B=1\nexport C=2\n  ORDINAVO_SMTP_URL=smtp://a:$HOME`id`@mail\nORDINAVO_LOG=\"warn\"\nORDINAVO_ROADS='x y'";
    std::fs::write(folder.join("ordinavo.env"), settings).unwrap();
    // Stands for the program of the machine, which needs root.
    let runuser = "#!/bin/sh\necho \"$ORDINAVO_SMTP_URL|$ORDINAVO_LOG|$ORDINAVO_ROADS|$ORDINAVO_SECRET_KEY_FILE|$(pwd)\"\nprintf '%s\\n' \"$@\"\n";
    for (name, text) in [("ordinavoctl", script.as_str()), ("runuser", runuser)] {
        let file = folder.join(name);
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let output = std::process::Command::new(folder.join("ordinavoctl"))
        .args(["admin", "create-tenant", "nord", "Nord & Süd"])
        .env(
            "PATH",
            format!("{}:{}", folder.display(), std::env::var("PATH").unwrap()),
        )
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let place = folder.display();
    assert_eq!(
        lines[0],
        format!("smtp://a:$HOME`id`@mail|warn|x y|{place}/secret.key|{place}")
    );
    assert_eq!(
        lines[1..],
        [
            "--user",
            "ordinavo",
            "--",
            "/usr/local/bin/ordinavo",
            "admin",
            "create-tenant",
            "nord",
            "Nord & Süd"
        ]
    );
    std::fs::remove_dir_all(&folder).unwrap();
}
