//! Words that have no place in texts and names; `docs/glossary.md` has the standard ones.

use std::path::{Path, PathBuf};

/// In English texts of the apps.
const TEXTS: [&str; 14] = [
    "somebody",
    "nobody",
    "whoever",
    "everybody",
    "take back",
    "taken back",
    "hand in",
    "handed in",
    "put off",
    "present password",
    "warning desk",
    "second step",
    "stands against",
    "at present",
];

/// In names of code, as whole words between underscores or capitals.
const NAMES: [&str; 12] = [
    "twin",
    "misfit",
    "decoy",
    "fingerprint",
    "nobody",
    "somebody",
    "whoever",
    "lanes",
    "house",
    "look",
    "whose",
    "forget",
];

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder exists") {
        let path = entry.expect("entry is readable").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn english_texts_use_standard_words() {
    let mut found = Vec::new();
    for app in ["ui", "dispatch", "portal", "partner", "public"] {
        files(&workspace().join("app").join(app).join("i18n/en"), "ftl", &mut found);
    }
    assert!(found.len() > 30, "{found:?}");
    for path in found {
        let text = std::fs::read_to_string(&path).expect("file is readable").to_lowercase();
        for line in text.lines() {
            let text = line.split_once(" = ").map_or(line, |(_, text)| text);
            let word = TEXTS.iter().find(|word| text.contains(*word));
            assert!(word.is_none(), "{}: {word:?}: {line}", path.display());
        }
    }
}

#[test]
fn names_in_code_use_standard_words() {
    let mut found = Vec::new();
    for folder in ["app", "server/src", "server/core/src", "server/routing/src", "bench"] {
        files(&workspace().join(folder), "rs", &mut found);
    }
    let mut offenders = Vec::new();
    for path in found {
        let source = std::fs::read_to_string(&path).expect("file is readable");
        for line in source.lines() {
            let Some(name) = declared(line) else { continue };
            if words(name).iter().any(|word| NAMES.contains(&word.as_str())) {
                offenders.push(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(offenders.is_empty(), "{}", offenders.join("\n"));
}

/// The name that a line declares: function, type, constant, module.
fn declared(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for prefix in ["pub(crate) ", "pub ", "const ", "async ", "static "] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let is_constant = line.trim_start().contains("const ") && rest.chars().next().is_some_and(char::is_uppercase);
    let name = ["fn ", "struct ", "enum ", "trait ", "mod ", "type "]
        .iter()
        .find_map(|keyword| rest.strip_prefix(keyword))
        .or(is_constant.then_some(rest))?;
    let end = name
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(name.len());
    Some(&name[..end])
}

/// The words of a name in snake case, camel case or capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let is_constant = name.chars().all(|letter| !letter.is_lowercase());
    for letter in name.chars() {
        if letter == '_' || (letter.is_uppercase() && !is_constant) {
            words.push(String::new());
        }
        if letter != '_' {
            words.last_mut().expect("has a word").extend(letter.to_lowercase());
        }
    }
    words
}
