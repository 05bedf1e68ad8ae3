//! The settings that packaging and documentation name exist, and the documentation describes each one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ordinavo::config::Config;

/// Variables of the proxy and of Compose itself, and the one that names the file of the settings.
const OTHER_VARIABLES: [&str; 8] = [
    "ORDINAVO_BACKUP_PASSWORD",
    "ORDINAVO_CONFIG",
    "ORDINAVO_DATABASE_PASSWORD",
    "ORDINAVO_FILES_SECRET",
    "ORDINAVO_HOST",
    "ORDINAVO_IMAGE",
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
